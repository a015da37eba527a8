import { type Random, randomText } from '../platform/platform.ts'
import { sha256 } from './secrets.ts'

/** One login on one device, from its first token to the last that refreshing gave it. */
export type NewSession = {
  readonly sessionId: string
  readonly refresh: RefreshToken
}

/** The token itself goes to the client, only its hash to the database. */
export type RefreshToken = { readonly text: string; readonly hash: Uint8Array }

export function newRefreshToken(random: Random): RefreshToken {
  const text = randomText(random, 32)
  return { text, hash: sha256(text) }
}

/** The id begins with the time of the login, so that all sessions before an instant can be ended. */
export const newSession = (random: Random, now: number): NewSession => ({
  sessionId: `${now.toString(36)}-${randomText(random, 16)}`,
  refresh: newRefreshToken(random),
})

/** Whether the session began at or before `sessionsSince`, when its player's sessions were ended. */
export function beganBefore(sessionId: string, sessionsSince: number | null): boolean {
  if (sessionsSince === null) return false
  const began = Number.parseInt(sessionId.slice(0, sessionId.indexOf('-')), 36)
  // An id that is not of this form was made by nobody here.
  return !(began > sessionsSince)
}
