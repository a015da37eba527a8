import type { Clock } from '../platform/platform.ts'

/** One piece of work and what happens once it has taken too long. It is not interrupted. */
export type Watched = { readonly since: number; readonly expire: () => void }

export type Deadlines = {
  begin(expire: () => void): Watched
  end(watched: Watched): void
  stop(): void
}

/** Longer than any wait for a lock, shorter than the patience of clients. */
const HANDLER_MS_MAX = 10_000
const LOOK_INTERVAL_MS = 250

/** One timer looks after all requests; a timer for each would be a tenth of what a balance read costs. */
export function createDeadlines(clock: Clock): Deadlines {
  // In the order of their start, so that the first one that has time ends the look.
  const waiting = new Set<Watched>()
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
    begin(expire) {
      const watched = { since: clock.monotonic(), expire }
      waiting.add(watched)
      return watched
    },
    end: (watched) => void waiting.delete(watched),
    stop: () => clearInterval(timer),
  }
}
