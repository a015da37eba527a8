import type { Clock } from '../platform/platform.ts'
import type { PlayerCaller } from './callers.ts'
import { beganBefore } from './session.ts'

export type CallerCacheSettings = {
  /** How long a token is believed without asking the database, which another process may have told. */
  readonly freshMs: number
  readonly callersMax: number
}

export type CallerCache = {
  get(token: string): PlayerCaller | null
  /** `checkedAt`: monotonic time before the database was asked. */
  put(token: string, caller: PlayerCaller, checkedAt: number): void
  endSession(sessionId: string): void
  endPlayer(playerId: string, sessionsSince: number): void
  /** Whether this process ended the session, also while its token was being checked. */
  hasEnded(caller: PlayerCaller): boolean
}

/** Longer ones belong to userIds of more than 400 bytes. Keeping them would let few players fill the memory. */
const TOKEN_CHARS_MAX = 768
/** A check that was under way when a session ended is over long before so many others end. */
const ENDED_MAX = 100_000

/**
 * Tokens that were verified lately. One that lives on is checked again when it is no longer fresh,
 * which moves it to the end; so the first is the one that was not used for the longest time.
 */
export function createCallerCache(clock: Clock, settings: CallerCacheSettings): CallerCache {
  const callers = new Map<string, { readonly caller: PlayerCaller; readonly freshUntil: number }>()
  const endedSessions = new Map<string, null>()
  const endedPlayers = new Map<string, number>()

  const hasEnded = ({ playerId, sessionId }: PlayerCaller): boolean =>
    endedSessions.has(sessionId) || beganBefore(sessionId, endedPlayers.get(playerId) ?? null)

  return {
    get(token) {
      const entry = callers.get(token)
      if (!entry || entry.freshUntil <= clock.monotonic()) return null
      const { caller } = entry
      const isOver = caller.expiresAt <= clock.now() || endedSessions.has(caller.sessionId)
      return isOver ? null : caller
    },
    put(token, caller, checkedAt) {
      callers.delete(token)
      if (token.length > TOKEN_CHARS_MAX || hasEnded(caller)) return
      setBounded(
        callers,
        token,
        { caller, freshUntil: checkedAt + settings.freshMs },
        settings.callersMax,
      )
    },
    endSession: (sessionId) => setBounded(endedSessions, sessionId, null, ENDED_MAX),
    endPlayer(playerId, sessionsSince) {
      setBounded(endedPlayers, playerId, sessionsSince, ENDED_MAX)
      for (const [token, { caller }] of callers) {
        if (caller.playerId === playerId) callers.delete(token)
      }
    },
    hasEnded,
  }
}

/** Adds at the end, and makes room at the front. */
function setBounded<K, V>(map: Map<K, V>, key: K, value: V, entriesMax: number): void {
  map.delete(key)
  if (map.size >= entriesMax) {
    const first = map.keys().next()
    if (!first.done) map.delete(first.value)
  }
  map.set(key, value)
}
