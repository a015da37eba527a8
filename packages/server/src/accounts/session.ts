import { type Random, randomText } from '../platform/platform.ts'
import { sha256 } from './secrets.ts'

/** One login on one device, from its first token to the last that refreshing gave it. */
export type NewSession = {
  readonly sessionId: string
  readonly refresh: RefreshToken
}

/** The text goes to the client; the database keeps the key. */
export type RefreshToken = { readonly text: string; readonly key: Uint8Array }

/** 48 bits of milliseconds last until the year 10889. */
const TIME_BYTES = 6
const TIME_LETTERS = 8

/** A time of issue that orders the tokens, and 256 random bits that make them secret. */
export function newRefreshToken(random: Random, now: number): RefreshToken {
  const text = Buffer.from(timeKey(now)).toString('base64url') + randomText(random, 32)
  return { text, key: refreshKey(text) }
}

/**
 * The time of issue in the clear, then the hash of the whole token. In the order of time, the
 * tokens of one commit share a page or two; by hash alone each would dirty a page of its own.
 */
export const refreshKey = (text: string): Uint8Array =>
  Buffer.concat([Buffer.from(text.slice(0, TIME_LETTERS), 'base64url'), sha256(text)])

/** Smaller than the keys of all tokens issued at `now` or later. */
export function timeKey(now: number): Uint8Array {
  const bytes = Buffer.alloc(TIME_BYTES)
  bytes.writeUIntBE(now, 0, TIME_BYTES)
  return bytes
}

/** The id begins with the time of the login, so that all sessions before an instant can be ended. */
export const newSession = (random: Random, now: number): NewSession => ({
  sessionId: `${now.toString(36)}-${randomText(random, 16)}`,
  refresh: newRefreshToken(random, now),
})

/** Whether the session began at or before `sessionsSince`, when its player's sessions were ended. */
export function beganBefore(sessionId: string, sessionsSince: number | null): boolean {
  if (sessionsSince === null) return false
  const began = Number.parseInt(sessionId.slice(0, sessionId.indexOf('-')), 36)
  // An id that is not of this form was made by nobody here.
  return !(began > sessionsSince)
}
