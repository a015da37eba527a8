/** `per_second` on average, with `burst` at once after a rest. */
export type Rate = { readonly perSecond: number; readonly burst: number }

export type RateLimit = {
  /** Takes one unit for `key`. Returns 0 when allowed, else the milliseconds until one is free. */
  take(key: string, nowMs: number): number
  /** As `take`, without taking, behind as many others who have not taken yet. */
  wait(key: string, nowMs: number, others?: number): number
}

/**
 * Generic cell rate algorithm: per key only the time at which its bucket will be full again is kept.
 * Keys that are full are forgotten once there are `keysMax`, then the oldest, so an attacker with
 * many addresses cannot grow the memory without bound.
 */
export function createRateLimit(rate: Rate, keysMax = 100_000): RateLimit {
  const intervalMs = 1_000 / rate.perSecond
  const toleranceMs = intervalMs * (rate.burst - 1)
  const fullAt = new Map<string, number>()

  /** A pass over all keys frees a tenth of them at least, so that a flood of new keys pays for few passes. */
  const forget = (nowMs: number): void => {
    for (const [key, at] of fullAt) if (at <= nowMs) fullAt.delete(key)
    for (const key of fullAt.keys()) {
      if (fullAt.size <= keysMax * 0.9) return
      fullAt.delete(key)
    }
  }

  const wait = (key: string, nowMs: number, others = 0): number => {
    const fullMs = Math.max(fullAt.get(key) ?? nowMs, nowMs) - nowMs
    const waitMs = fullMs + others * intervalMs - toleranceMs
    // Less than a nanosecond is the rounding of the sums, not a wait.
    return waitMs > 1e-6 ? waitMs : 0
  }

  return {
    wait,
    take(key, nowMs) {
      const waitMs = wait(key, nowMs)
      if (waitMs > 0) return waitMs
      if (fullAt.size >= keysMax && !fullAt.has(key)) forget(nowMs)
      fullAt.set(key, Math.max(fullAt.get(key) ?? nowMs, nowMs) + intervalMs)
      return 0
    },
  }
}
