import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '../../platform/platform.ts'

/** The time in which games are played: that of the machine, or in tests one that passes at will. */
export interface GameTime extends Clock {
  setTimer(call: () => void, ms: number): unknown
  clearTimer(timer: unknown): void
  /** Resolves once `now()` has reached `at`, or `signal` is aborted. */
  until(at: number, signal: AbortSignal): Promise<void>
}

export const machineTime = (clock: Clock): GameTime => ({
  ...clock,
  setTimer: (call, ms) => setTimeout(call, ms),
  clearTimer: (timer) => clearTimeout(timer as NodeJS.Timeout | undefined),
  async until(at, signal) {
    // A timer may be early by a millisecond, and an event must not come before it has happened.
    while (clock.now() < at && !signal.aborted) {
      await sleep(Math.max(1, at - clock.now()), undefined, { signal }).catch(() => undefined)
    }
  },
})
