import type { SqlValue, Tx, Work } from '../store/store.ts'
import { beganBefore, type RefreshToken } from './session.ts'
import {
  FIND_REFRESH_TOKENS,
  INSERT_REFRESH_TOKENS,
  REVOKE_SESSIONS,
  USE_REFRESH_TOKENS,
} from './statements.ts'

export type Refresh = {
  readonly presented: Uint8Array
  readonly next: RefreshToken
  readonly at: number
}

export type Refreshed =
  | { readonly kind: 'rotated'; readonly playerId: string; readonly sessionId: string }
  /** Unknown, expired, or of a session that is over. */
  | { readonly kind: 'refused' }
  /** Used before: the session is over from now on. */
  | { readonly kind: 'reused'; readonly sessionId: string }

type TokenRow = {
  readonly tokenKey: Uint8Array
  readonly sessionId: string
  readonly playerId: string
  readonly issuedAt: number
  readonly usedAt: number | null
  readonly sessionsSince: number | null
  readonly revoked: number
}

export type Lifetimes = { readonly refreshMs: number; readonly accessMs: number }

/** A revocation is kept for as long as any token of its session could still be shown. */
export const revocationRow = (sessionId: string, at: number, lifetimes: Lifetimes): SqlValue[] => [
  sessionId,
  at,
  at + Math.max(lifetimes.refreshMs, lifetimes.accessMs),
]

export const refreshTokenRow = (
  of: { readonly sessionId: string; readonly playerId: string; readonly at: number },
  token: RefreshToken,
): SqlValue[] => [token.key, of.sessionId, of.playerId, of.at]

/**
 * Rotation: each token works once. One that comes a second time has two holders, and as nobody
 * can say which of them is the thief, the whole session ends, also for the one who was first.
 * Of two requests at once with one token the first in the commit's order wins, the other is a reuse.
 */
export const createRefreshWork = (lifetimes: Lifetimes): Work<Refresh, Refreshed> => ({
  name: 'accounts.refresh',
  async apply(tx, inputs) {
    const rows = await findTokens(tx, inputs)
    const used = new Map<string, SqlValue[]>()
    const revoked = new Map<string, SqlValue[]>()
    const issued: SqlValue[][] = []

    const outcomes = inputs.map(({ presented, next, at }): Refreshed => {
      const row = rows.get(hex(presented))
      if (!row || !stands(row, at, lifetimes) || revoked.has(row.sessionId)) {
        return { kind: 'refused' }
      }
      const { sessionId, playerId } = row
      if (row.usedAt !== null || used.has(hex(presented))) {
        revoked.set(sessionId, revocationRow(sessionId, at, lifetimes))
        return { kind: 'reused', sessionId }
      }
      used.set(hex(presented), [presented, at])
      issued.push(refreshTokenRow({ sessionId, playerId, at }, next))
      return { kind: 'rotated', playerId, sessionId }
    })

    if (used.size > 0) await tx.run(USE_REFRESH_TOKENS, [...used.values()])
    if (issued.length > 0) await tx.run(INSERT_REFRESH_TOKENS, issued)
    if (revoked.size > 0) await tx.run(REVOKE_SESSIONS, [...revoked.values()])
    return outcomes
  },
})

async function findTokens(tx: Tx, inputs: readonly Refresh[]): Promise<Map<string, TokenRow>> {
  const wanted = inputs.map(({ presented }) => [presented])
  const rows = await tx.run<TokenRow>(FIND_REFRESH_TOKENS, wanted)
  return new Map(rows.map((row) => [hex(row.tokenKey), row]))
}

/** Counted from its issue, so that a shorter lifetime in the settings also holds for tokens that exist. */
const stands = (row: TokenRow, at: number, { refreshMs }: Lifetimes): boolean =>
  row.revoked === 0 &&
  at < row.issuedAt + refreshMs &&
  !beganBefore(row.sessionId, row.sessionsSince)

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
