const DIGIT_BITS = 11
const DIGITS = 2 ** DIGIT_BITS
/** Instants are below 2^53. */
const PASSES = 5

/**
 * The indexes of the first `count` instants in their order (a stable radix sort): as fast however they
 * are spread, and a twentieth of a sort that compares.
 */
export function orderInstants(instants: Float64Array, count: number): Int32Array {
  let order = new Int32Array(count)
  for (let i = 0; i < count; i += 1) order[i] = i
  if (count < 2) return order
  const least = leastOf(instants, count)
  const counts = countDigits(instants, count, least)
  let other = new Int32Array(count)
  for (let pass = 0; pass < PASSES; pass += 1) {
    const own = counts.subarray(pass * DIGITS, (pass + 1) * DIGITS)
    // All have the same digit: nothing to be done.
    if (own.includes(count)) continue
    startsOf(own)
    const scale = DIGITS ** -pass
    for (let i = 0; i < count; i += 1) {
      const index = order[i] as number
      const digit = (((instants[index] as number) - least) * scale) & (DIGITS - 1)
      const to = own[digit] as number
      own[digit] = to + 1
      other[to] = index
    }
    const sorted = other
    other = order
    order = sorted
  }
  return order
}

function leastOf(instants: Float64Array, count: number): number {
  let least = Number.POSITIVE_INFINITY
  for (let i = 0; i < count; i += 1) least = Math.min(least, instants[i] as number)
  return least
}

/** How often each digit comes, for all passes. */
function countDigits(instants: Float64Array, count: number, least: number): Int32Array {
  const counts = new Int32Array(DIGITS * PASSES)
  for (let i = 0; i < count; i += 1) {
    let rest = (instants[i] as number) - least
    for (let pass = 0; pass < PASSES; pass += 1) {
      const place = pass * DIGITS + (rest & (DIGITS - 1))
      counts[place] = (counts[place] as number) + 1
      rest /= DIGITS
    }
  }
  return counts
}

/** Counts become the places at which each digit starts. */
function startsOf(counts: Int32Array): void {
  let start = 0
  for (let digit = 0; digit < DIGITS; digit += 1) {
    const own = counts[digit] as number
    counts[digit] = start
    start += own
  }
}
