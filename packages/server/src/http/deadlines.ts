import type { Clock } from '../platform/platform.ts'

export type Deadlines = {
  /** `work`, and a call of `expire` when it takes longer than the deadline. It is not interrupted. */
  watch<T>(work: Promise<T>, expire: () => void): Promise<T>
  stop(): void
}

/** Longer than any wait for a lock, shorter than the patience of clients. */
const HANDLER_MS_MAX = 10_000
const LOOK_INTERVAL_MS = 250

/** One timer looks after all requests; a timer for each would be a tenth of what a balance read costs. */
export function createDeadlines(clock: Clock): Deadlines {
  // In the order of their start, so that the first one that has time ends the look.
  const waiting = new Set<{ readonly since: number; readonly expire: () => void }>()
  const look = (): void => {
    const before = clock.monotonic() - HANDLER_MS_MAX
    for (const one of waiting) {
      if (one.since > before) return
      waiting.delete(one)
      one.expire()
    }
  }
  const timer = setInterval(look, LOOK_INTERVAL_MS)
  timer.unref()
  return {
    async watch(work, expire) {
      const one = { since: clock.monotonic(), expire }
      waiting.add(one)
      try {
        return await work
      } finally {
        waiting.delete(one)
      }
    },
    stop: () => clearInterval(timer),
  }
}
