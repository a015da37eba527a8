import { type ProblemCode, ProblemError } from '@questline/contracts'
import type { SqlValue, Tx, Work, Writer } from '../store/store.ts'
import type { LoginThrottle } from './login-throttle.ts'
import { refreshTokenRow } from './refresh.ts'
import { sameHash, sha256 } from './secrets.ts'
import type { NewSession } from './session.ts'
import type { Session } from './sessions.ts'
import {
  ADD_TO_PLAYER_COUNT,
  FIND_GUESTS,
  INSERT_GUESTS,
  INSERT_REFRESH_TOKENS,
} from './statements.ts'

export type GuestLogin = {
  readonly userId: string
  readonly deviceSecret?: string | undefined
}

/** Registration takes its random ids from here, so no guest may. */
export const REGISTERED_PREFIX = 'p_'

type Login = {
  readonly playerId: string
  readonly secretHash: Uint8Array | null
  readonly session: NewSession
  readonly at: number
}

type Guest = { readonly secretHash: Uint8Array | null; readonly hasPassword: number }

type Verdict = 'create' | 'welcome' | 'wrong-secret' | Refusal
type Refusal = Extract<
  ProblemCode,
  'password-required' | 'reserved-id' | 'device-secret-unbound' | 'device-secret-required'
>

export type GuestParts = {
  readonly writer: Writer
  readonly throttle: LoginThrottle
  readonly now: () => number
  readonly openSession: (now: number) => NewSession
  readonly answer: (playerId: string, session: NewSession) => Session
}

export type GuestSettings = {
  /** Whether a userId alone is enough. Closed in production. */
  readonly bareGuestLogin: boolean
}

/**
 * Logs a guest in, and makes it at its first login.
 * A guest that was made with a secret needs it ever after. Failures are counted per account and
 * soon have to wait; who has the secret never waits, so nobody can lock a player out.
 */
export function createGuestLogin(
  parts: GuestParts,
  settings: GuestSettings,
): (input: GuestLogin) => Promise<Session> {
  const { writer, throttle } = parts
  const work = createLoginWork(settings)

  return async ({ userId, deviceSecret }) => {
    const at = parts.now()
    const playerId = userId.trim()
    const session = parts.openSession(at)
    const secretHash = deviceSecret === undefined ? null : sha256(deviceSecret)
    const verdict = await writer.submit(work, { playerId, secretHash, session, at })
    switch (verdict) {
      case 'create':
      case 'welcome':
        if (secretHash) await throttle.succeeded(playerId)
        return parts.answer(playerId, session)
      case 'wrong-secret':
        await throttle.look(playerId)
        throttle.begin(playerId)
        await throttle.failed(playerId)
        throw new ProblemError('invalid-credentials')
      default:
        throw new ProblemError(verdict)
    }
  }
}

const createLoginWork = (settings: GuestSettings): Work<Login, Verdict> => ({
  name: 'accounts.login',
  async apply(tx, logins) {
    const guests = await findGuests(tx, logins)
    const created: SqlValue[][] = []
    const sessions: SqlValue[][] = []

    const verdicts = logins.map((login) => {
      const { playerId, secretHash, session, at } = login
      const verdict = decide(guests.get(playerId), login, settings.bareGuestLogin)
      if (verdict === 'create') {
        guests.set(playerId, { secretHash, hasPassword: 0 })
        created.push([playerId, secretHash, at])
      }
      if (verdict === 'create' || verdict === 'welcome') {
        const of = { sessionId: session.sessionId, playerId, at }
        sessions.push(refreshTokenRow(of, session.refresh))
      }
      return verdict
    })

    if (created.length > 0) {
      await tx.run(INSERT_GUESTS, created)
      await tx.run(ADD_TO_PLAYER_COUNT, [[created.length]])
    }
    if (sessions.length > 0) await tx.run(INSERT_REFRESH_TOKENS, sessions)
    return verdicts
  },
})

async function findGuests(tx: Tx, logins: readonly Login[]): Promise<Map<string, Guest>> {
  const ids = new Set(logins.map(({ playerId }) => playerId))
  const wanted = Array.from(ids, (id) => [id])
  const rows = await tx.run<Guest & { playerId: string }>(FIND_GUESTS, wanted)
  return new Map(rows.map((row) => [row.playerId, row]))
}

function decide(guest: Guest | undefined, login: Login, bareGuestLogin: boolean): Verdict {
  const { playerId, secretHash } = login
  if (guest?.hasPassword === 1) return 'password-required'
  if (playerId.startsWith(REGISTERED_PREFIX)) return 'reserved-id'
  if (!guest) return secretHash || bareGuestLogin ? 'create' : 'device-secret-required'
  if (!guest.secretHash) return bareGuestLogin ? 'welcome' : 'device-secret-unbound'
  const isRight = secretHash !== null && sameHash(secretHash, guest.secretHash)
  return isRight ? 'welcome' : 'wrong-secret'
}
