import { ProblemError } from '@questline/contracts'
import type { Clock, Random } from '../platform/platform.ts'
import type { Store, Work, Writer } from '../store/store.ts'
import type { AccessTokens } from './access-tokens.ts'
import type { CallerCache } from './caller-cache.ts'
import type { PlayerCaller } from './callers.ts'
import { createRefreshWork, type Lifetimes, revocationRow } from './refresh.ts'
import { beganBefore, newRefreshToken, refreshKey, timeKey } from './session.ts'
import {
  FIND_STANDING,
  REVOKE_SESSIONS,
  SWEEP_REFRESH_TOKENS,
  SWEEP_REVOKED_SESSIONS,
} from './statements.ts'

/** What a login answers. */
export type Session = {
  readonly token: string
  readonly userId: string
  /** Seconds. */
  readonly expiresIn: number
  readonly refreshToken: string
}

export type Sessions = {
  /** The player of a token that was verified lately, without asking anybody; null: `verify` it. */
  recall(token: string): PlayerCaller | null
  /** @throws ProblemError `invalid-token`, the same whatever is wrong with it */
  verify(token: string): Promise<PlayerCaller>
  /** @throws ProblemError `invalid-credentials` */
  refresh(input: { readonly refreshToken: string }): Promise<Session>
  /** Resolves when the session's tokens work nowhere in this process, nor after the next check in another. */
  logout(caller: Pick<PlayerCaller, 'sessionId'>): Promise<void>
  revokeSession(sessionId: string): Promise<void>
  /** Forgets what expired, about `rowsMax` rows at the most, in small commits. Returns how many it were. */
  sweep(rowsMax?: number): Promise<number>
}

export type SessionParts = {
  readonly store: Store
  readonly writer: Writer
  readonly clock: Clock
  readonly random: Random
  readonly tokens: AccessTokens
  readonly cache: CallerCache
}

const SWEEP_ROWS_MAX = 50_000
/** Of each kind in one commit, so that the writes which share it wait some milliseconds. */
const SWEEP_COMMIT_ROWS = 1_000

export function createSessions(parts: SessionParts, lifetimes: Lifetimes): Sessions {
  const { writer, clock, random, tokens, cache } = parts
  const refreshing = createRefreshWork(lifetimes)
  const revoking = createRevokeWork(lifetimes)
  const sweeping = createSweepWork(lifetimes)

  const revokeSession = async (sessionId: string): Promise<void> => {
    await writer.submit(revoking, { sessionId, at: clock.now() })
    cache.endSession(sessionId)
  }

  return {
    recall: cache.get,
    verify: createVerify(parts),
    async refresh({ refreshToken }) {
      const at = clock.now()
      const next = newRefreshToken(random, at)
      const input = { presented: refreshKey(refreshToken), next, at }
      const outcome = await writer.submit(refreshing, input)
      if (outcome.kind === 'reused') cache.endSession(outcome.sessionId)
      if (outcome.kind !== 'rotated') throw new ProblemError('invalid-credentials')
      return answer(tokens, outcome.playerId, outcome.sessionId, next.text)
    },
    logout: ({ sessionId }) => revokeSession(sessionId),
    revokeSession,
    async sweep(rowsMax = SWEEP_ROWS_MAX) {
      const at = clock.now()
      let swept = 0
      for (let round = SWEEP_COMMIT_ROWS; round >= SWEEP_COMMIT_ROWS && swept < rowsMax; ) {
        round = await writer.submit(sweeping, at)
        swept += round
      }
      return swept
    },
  }
}

export const answer = (
  tokens: AccessTokens,
  playerId: string,
  sessionId: string,
  refreshToken: string,
): Session => ({
  token: tokens.sign(playerId, sessionId),
  userId: playerId,
  expiresIn: tokens.ttlSeconds,
  refreshToken,
})

type Standing = { readonly sessionsSince: number | null; readonly revoked: number }

function createVerify({ store, clock, tokens, cache }: SessionParts): Sessions['verify'] {
  /** A burst of requests with one token asks the database once. */
  const underWay = new Map<string, Promise<PlayerCaller>>()

  const check = async (token: string, caller: PlayerCaller): Promise<PlayerCaller> => {
    const checkedAt = clock.monotonic()
    const { playerId, sessionId } = caller
    const [standing] = await store.read<Standing>(FIND_STANDING, [playerId, sessionId])
    const isOver =
      !standing || standing.revoked === 1 || beganBefore(sessionId, standing.sessionsSince)
    // A session that ended while the database was being read was not in what it answered.
    if (isOver || cache.hasEnded(caller)) throw new ProblemError('invalid-token')
    cache.put(token, caller, checkedAt)
    return caller
  }

  return async (token) => {
    const caller = tokens.read(token)
    if (!caller) throw new ProblemError('invalid-token')
    const asking = underWay.get(token) ?? check(token, caller).finally(() => underWay.delete(token))
    underWay.set(token, asking)
    return asking
  }
}

const createRevokeWork = (
  lifetimes: Lifetimes,
): Work<{ readonly sessionId: string; readonly at: number }, null> => ({
  name: 'accounts.revoke',
  async apply(tx, inputs) {
    const rows = inputs.map(({ sessionId, at }) => revocationRow(sessionId, at, lifetimes))
    await tx.run(REVOKE_SESSIONS, rows)
    return inputs.map(() => null)
  },
})

const createSweepWork = ({ refreshMs }: Lifetimes): Work<number, number> => ({
  name: 'accounts.sweep',
  async apply(tx, instants) {
    const swept: number[] = []
    for (const at of instants) {
      const expired = timeKey(Math.max(0, at - refreshMs))
      const tokens = await tx.run(SWEEP_REFRESH_TOKENS, [[expired, SWEEP_COMMIT_ROWS]])
      // Last, so that no revocation goes while a token of its session is still there.
      const isLast = tokens.length < SWEEP_COMMIT_ROWS
      const revocations = isLast
        ? await tx.run(SWEEP_REVOKED_SESSIONS, [[at, SWEEP_COMMIT_ROWS]])
        : []
      swept.push(tokens.length + revocations.length)
    }
    return swept
  },
})
