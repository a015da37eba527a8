import { LIMITS } from '@questline/contracts'
import type { Store, Work, Writer } from '../store/store.ts'
import { sha256 } from './secrets.ts'
import { BIND_DEVICE_SECRET, FIND_GUESTS, FIND_PLAYER, PLAYER_COUNT } from './statements.ts'
import { AccountsUsageError } from './usage-error.ts'

export type Player = { readonly playerId: string; readonly username: string | null }

export type Players = {
  find(playerId: string): Promise<Player | null>
  /** From a counter that the creating transactions keep, never from a scan. */
  count(): Promise<number>
  /**
   * Gives a guest a device secret, or with `replace` another one, and ends all its sessions:
   * who held the account without the new secret holds it no longer.
   * @throws AccountsUsageError
   */
  bindDeviceSecret(
    playerId: string,
    deviceSecret: string,
    options?: { readonly replace?: boolean },
  ): Promise<void>
}

export type PlayerParts = {
  readonly store: Store
  readonly writer: Writer
  readonly now: () => number
  /** Told when all sessions of a player that began up to an instant were ended. */
  readonly onSessionsEnded?: (playerId: string, sessionsSince: number) => void
}

const DEVICE_SECRET = new RegExp(
  `^[\\x21-\\x7e]{${LIMITS.deviceSecretCharsMin},${LIMITS.deviceSecretCharsMax}}$`,
)

export function createPlayers({ store, writer, now, onSessionsEnded }: PlayerParts): Players {
  const binding = createBindWork(now)
  return {
    async find(playerId) {
      const [player] = await store.read<Player>(FIND_PLAYER, [playerId])
      return player ?? null
    },
    async count() {
      const [row] = await store.read<{ players: number }>(PLAYER_COUNT, [])
      return row?.players ?? 0
    },
    async bindDeviceSecret(playerId, deviceSecret, { replace = false } = {}) {
      if (!DEVICE_SECRET.test(deviceSecret)) {
        throw new AccountsUsageError(
          `a device secret has ${LIMITS.deviceSecretCharsMin} to ${LIMITS.deviceSecretCharsMax} printable characters without spaces`,
        )
      }
      const binds = { playerId, secretHash: sha256(deviceSecret), replace }
      const outcome = await writer.submit(binding, binds)
      if (outcome.kind === 'refused') throw new AccountsUsageError(outcome.reason)
      onSessionsEnded?.(playerId, outcome.sessionsSince)
    },
  }
}

type Binding = {
  readonly playerId: string
  readonly secretHash: Uint8Array
  readonly replace: boolean
}
type Bound =
  | { readonly kind: 'bound'; readonly sessionsSince: number }
  | { readonly kind: 'refused'; readonly reason: string }
type GuestRow = { readonly secretHash: Uint8Array | null; readonly hasPassword: number }

const createBindWork = (now: () => number): Work<Binding, Bound> => ({
  name: 'accounts.bind-device-secret',
  async apply(tx, inputs) {
    const outcomes: Bound[] = []
    for (const { playerId, secretHash, replace } of inputs) {
      const [guest] = await tx.run<GuestRow>(FIND_GUESTS, [[playerId]])
      const reason = reasonAgainst(guest, replace)
      if (reason !== undefined) {
        outcomes.push({ kind: 'refused', reason })
        continue
      }
      // Read inside the transaction: each session that was opened before it is older than this.
      const sessionsSince = now()
      await tx.run(BIND_DEVICE_SECRET, [[playerId, secretHash, sessionsSince]])
      outcomes.push({ kind: 'bound', sessionsSince })
    }
    return outcomes
  },
})

function reasonAgainst(guest: GuestRow | undefined, replace: boolean): string | undefined {
  if (!guest) return 'there is no such player'
  if (guest.hasPassword === 1)
    return 'this player logs in with a password, a device secret is no use'
  if (guest.secretHash && !replace) return 'this player has a device secret: replace it explicitly'
  return undefined
}
