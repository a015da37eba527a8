// A machine for the SDK whose time passes only when a test says so.
import type { Attention, Host } from '@questline/sdk'

export type FakeHost = Host & {
  /** Lets time pass: timers fire in order, and what they set off happens before the next one. */
  pass(ms: number): Promise<void>
  /** Lets happen what needs no time. */
  settle(): Promise<void>
  /** Moves the wall clock alone, as a player or a time server does. */
  setClock(epochMs: number): void
  /** The player looks elsewhere, or comes back. */
  attend(attention: Attention): void
  /** What happens to this process no longer happens: no timer fires, no answer arrives. */
  die(): void
}

type Timer = { readonly at: number; readonly call: () => void }

export const START = Date.UTC(2026, 2, 1, 12)

/** `fetch` is the other side; `seed` makes its chance repeatable. `at` is where the wall clock begins. */
export function createFakeHost(
  fetch: Host['fetch'],
  { seed = 1, at = START }: { readonly seed?: number; readonly at?: number } = {},
): FakeHost {
  let elapsed = 5_000
  let offset = at - elapsed
  let isDead = false
  /** Grows with all that happens, so that silence can be told. */
  let steps = 0
  const timers = new Set<Timer>()
  const watchers = new Set<(attention: Attention) => void>()
  const chance = mulberry32(seed)

  const due = (until: number): Timer | undefined =>
    [...timers].filter((timer) => timer.at <= until).sort((a, b) => a.at - b.at)[0]

  /** Turns of the event loop until nothing happens: the storages of browsers take one for each step. */
  const settle = async (): Promise<void> => {
    for (let turn = 0, seen = steps; turn < 30; turn += 1) {
      await new Promise((resolve) => setImmediate(resolve))
      if (seen !== steps) turn = 0
      seen = steps
    }
  }

  return {
    platform: 'other',
    // Real compression takes real time.
    compress: undefined,
    now: () => elapsed + offset,
    monotonic: () => elapsed,
    random: chance,
    fetch: (url, request) =>
      new Promise((resolve, reject) => {
        if (isDead) return
        steps += 1
        const end = (call: () => void): void => {
          steps += 1
          if (!isDead) call()
        }
        fetch(url, request).then(
          (answer) => end(() => resolve(answer)),
          (error: unknown) => end(() => reject(error)),
        )
      }),
    setTimer(call, ms) {
      steps += 1
      const timer = { at: elapsed + Math.max(0, ms), call }
      timers.add(timer)
      return timer
    },
    clearTimer: (timer) => timers.delete(timer as Timer),
    watch(tell) {
      watchers.add(tell)
      return () => watchers.delete(tell)
    },
    async pass(ms) {
      const until = elapsed + ms
      await settle()
      for (let timer = due(until); timer && !isDead; timer = due(until)) {
        timers.delete(timer)
        elapsed = Math.max(elapsed, timer.at)
        timer.call()
        await settle()
      }
      elapsed = until
    },
    settle,
    setClock(epochMs) {
      offset = epochMs - elapsed
    },
    attend(attention) {
      for (const tell of watchers) tell(attention)
    },
    die() {
      isDead = true
      timers.clear()
      watchers.clear()
    },
  }
}

/** A small generator of numbers from 0 to below 1. */
export function mulberry32(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
