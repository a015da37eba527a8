import type { Read } from '../store/store.ts'
import { newestChange } from '../windows/windows.ts'

/** Who watches a number does not see half a second. */
const LOOK_MS = 500

/**
 * Calls listeners when minutes have changed, whichever process has changed them: one look at the end
 * of an index, and none while nobody listens.
 */
export function createChangeWatch(read: Read, lookMs = LOOK_MS) {
  const listeners = new Set<() => void>()
  let timer: NodeJS.Timeout | null = null
  let seen = ''
  let isLooking = false

  const look = async (): Promise<void> => {
    if (isLooking) return
    isLooking = true
    try {
      const newest = JSON.stringify(await newestChange(read))
      if (newest === seen) return
      seen = newest
      for (const listener of listeners) listener()
    } catch {
      // The database is away: those who ask it for numbers are told, and the next look comes soon.
    } finally {
      isLooking = false
    }
  }

  return (listener: () => void): (() => void) => {
    listeners.add(listener)
    timer ??= setInterval(() => void look(), lookMs).unref()
    return () => {
      listeners.delete(listener)
      if (listeners.size > 0 || timer === null) return
      clearInterval(timer)
      timer = null
    }
  }
}
