/** `per_second` on average, with `burst` at once after a rest. */
export type Rate = { readonly perSecond: number; readonly burst: number }

export type RateLimit = {
  /** Takes one unit for `key`. Returns 0 when allowed, else the milliseconds until one is free. */
  take(key: string, nowMs: number): number
  /** As `take`, without taking, behind as many others who have not taken yet. */
  wait(key: string, nowMs: number, others?: number): number
  /** Learns from elsewhere that it will not be full before `fullMs`. */
  delay(key: string, nowMs: number, fullMs: number): void
}

/**
 * Generic cell rate algorithm: per key only the time at which its bucket will be full again is kept.
 * Keys that are full are forgotten once there are `keysMax`, then the oldest, so an attacker with
 * many addresses cannot grow the memory without bound.
 * @param parts the limit is divided by so many, of whom this one counts its own; asked each time
 */
export function createRateLimit(
  rate: Rate,
  keysMax = 100_000,
  parts: () => number = () => 1,
): RateLimit {
  const wholeIntervalMs = 1_000 / rate.perSecond
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
    const divisor = parts()
    const intervalMs = wholeIntervalMs * divisor
    // A share of the burst is one at least, or nothing would ever pass.
    const toleranceMs = wholeIntervalMs * Math.max(0, rate.burst - divisor)
    const fullMs = Math.max(fullAt.get(key) ?? nowMs, nowMs) - nowMs
    const waitMs = fullMs + others * intervalMs - toleranceMs
    // Less than a nanosecond is the rounding of the sums, not a wait.
    return waitMs > 1e-6 ? waitMs : 0
  }

  const put = (key: string, nowMs: number, fullMs: number): void => {
    if (fullAt.size >= keysMax && !fullAt.has(key)) forget(nowMs)
    fullAt.set(key, fullMs)
  }

  const fullAtOf = (key: string, nowMs: number): number => Math.max(fullAt.get(key) ?? nowMs, nowMs)

  return {
    wait,
    take(key, nowMs) {
      const waitMs = wait(key, nowMs)
      if (waitMs > 0) return waitMs
      put(key, nowMs, fullAtOf(key, nowMs) + wholeIntervalMs * parts())
      return 0
    },
    delay(key, nowMs, fullMs) {
      if (fullMs > fullAtOf(key, nowMs)) put(key, nowMs, fullMs)
    },
  }
}
