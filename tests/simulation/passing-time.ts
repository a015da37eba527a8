// Time that passes only when a game asks for it, shared by the devices and the server: whatever is on
// the wire arrives at the moment at which it was sent, so that corrected times are exact.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '../../packages/server/src/platform/platform.ts'
import type { Fetch, GameTime } from '../../packages/server/src/simulate/simulate.ts'

export type PassingTime = {
  readonly time: GameTime
  /** For the server. */
  readonly clock: Clock
  /** Requests that are on their way hold time still. */
  holding(fetch: Fetch): Fetch
  /** Calls once when it is then, before anything else that happens at that time. */
  at(when: number, call: () => Promise<void>): void
}

type Timer = { readonly at: number; readonly order: number; readonly call: () => unknown }

/** Turns of the event loop in which nothing happens, until all is quiet. */
const QUIET_TURNS = 4

export function createPassingTime(startAt: number): PassingTime {
  let now = startAt
  let made = 0
  let inFlight = 0
  /** Grows with all that happens. */
  let steps = 0
  const timers = new Set<Timer>()
  const clock = { now: () => now, monotonic: () => now - startAt + 5_000 }

  const setTimer = (call: () => unknown, ms: number, order = 1): Timer => {
    made += 1
    steps += 1
    // Whole milliseconds, as of a real clock: less than one is lost in a sum with the time of today, and
    // whoever waits for it would be called for ever at the same moment.
    const timer = { at: now + Math.max(0, Math.ceil(ms)), order: order * 1e12 + made, call }
    timers.add(timer)
    return timer
  }

  const settle = async (): Promise<void> => {
    for (let quiet = 0, seen = steps; quiet < QUIET_TURNS; quiet += 1) {
      await (inFlight > 0 ? sleep(1) : new Promise(setImmediate))
      if (inFlight > 0 || seen !== steps) quiet = 0
      seen = steps
    }
  }

  const nextDue = (until: number): Timer | undefined => {
    let first: Timer | undefined
    for (const timer of timers) {
      if (timer.at > until) continue
      const isEarlier = !first || timer.at < first.at
      if (isEarlier || (timer.at === first?.at && timer.order < first.order)) first = timer
    }
    return first
  }

  return {
    clock,
    time: {
      ...clock,
      setTimer,
      clearTimer: (timer) => timers.delete(timer as Timer),
      async until(at) {
        if (at <= now && !nextDue(now)) return
        await settle()
        for (let timer = nextDue(at); timer; timer = nextDue(at)) {
          timers.delete(timer)
          now = Math.max(now, timer.at)
          await timer.call()
          await settle()
        }
        now = Math.max(now, at)
      },
    },
    holding: (fetch) => async (url, request) => {
      inFlight += 1
      steps += 1
      try {
        return await fetch(url, request)
      } finally {
        inFlight -= 1
        steps += 1
      }
    },
    at(when, call) {
      setTimer(call, when - now, 0)
    },
  }
}
