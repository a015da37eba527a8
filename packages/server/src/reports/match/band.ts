import { bandCells, bestValue } from './sweep.ts'
import type { Workspace } from './workspace.ts'

/** When to look for a narrower band, and how. */
export type Narrowing = {
  /** Smaller bands are not worth it. */
  readonly cellsMin: number
  /** The rows that the first trial may carry; each further one doubles them. */
  readonly carryFirst: number
  /** A trial that costs a greater part of the whole is no saving. */
  readonly trialShareMax: number
}
const NARROWING: Narrowing = { cellsMin: 1 << 18, carryFirst: 16, trialShareMax: 0.5 }

/**
 * Sets the band to the pairs at most `window` apart that some alignment with the most pairs may
 * hold. Returns the number of those pairs.
 */
export function setBand(space: Workspace, n: number, m: number, window: number): number {
  const { purchases, confirmations, lows, highs } = space
  let low = 0
  let high = 0
  let next = 0
  let most = 0
  for (let i = 0; i < n; i++) {
    const at = purchases[i] ?? 0
    while (low < m && (confirmations[low] ?? 0) < at - window) low++
    while (high < m && (confirmations[high] ?? 0) <= at + window) high++
    lows[i] = low
    highs[i] = high
    // All windows are equally long, so taking the first free partner leaves the most for others.
    if (next < low) next = low
    if (next < high) {
      next++
      most++
    }
  }
  // With the most pairs, at most n - most of the purchases before i stay alone, and the others
  // have their partners before that of i.
  for (let i = 0; i < n; i++) {
    lows[i] = Math.max(lows[i] ?? 0, i - (n - most))
    highs[i] = Math.max(lows[i] ?? 0, Math.min(highs[i] ?? 0, i + (m - most) + 1))
  }
  return most
}

/**
 * Narrows a large band to the pairs that an alignment as good as a known one may hold. What is
 * left is exact: the best alignment is still in it.
 *
 * Between instants, an alignment carries rows: those whose partner is still to come. A best one
 * leaves no row alone that lies between two partners, so pairing purchase i with a confirmation k
 * places away from where i lies in time carries about k rows across the instant of i. Carrying k
 * rows costs about k² times their spacing, and nothing best costs more than the known sum. Hence a
 * band of about the square root of the rows, where the window allows any number.
 */
export function narrowBand(
  space: Workspace,
  n: number,
  m: number,
  most: number,
  { cellsMin, carryFirst, trialShareMax }: Narrowing = NARROWING,
): void {
  const full = bandCells(space, n)
  if (full < cellsMin) return
  const lows = space.lows.slice(0, n)
  const highs = space.highs.slice(0, n)
  const limits: Limits = { n, m, lows, highs }
  for (let carry = carryFirst; ; carry *= 2) {
    limitCarry(space, limits, () => carry)
    if (bandCells(space, n) > full * trialShareMax) break
    const { count, sum } = bestValue(space, n, m)
    if (count < most) continue
    limitCarry(space, limits, (before, beforeEnd, after, afterStart, afterEnd, at) =>
      carryMax(before, beforeEnd, after, afterStart, afterEnd, at, sum),
    )
    return
  }
  space.lows.set(lows)
  space.highs.set(highs)
}

type Limits = {
  readonly n: number
  readonly m: number
  readonly lows: Int32Array
  readonly highs: Int32Array
}

/**
 * The most rows of `before[..beforeEnd)`, all before `at`, that may be carried to as many rows of
 * `after[afterStart..afterEnd)`, none of which is before `at`.
 */
type CarryMax = (
  before: Float64Array,
  beforeEnd: number,
  after: Float64Array,
  afterStart: number,
  afterEnd: number,
  at: number,
) => number

/** Sets the band to the pairs of `limits` that carry no more than `carryMost` says. */
function limitCarry(space: Workspace, limits: Limits, carryMost: CarryMax): void {
  const { purchases, confirmations, lows, highs } = space
  const { n, m } = limits
  let place = 0
  let start = 0
  while (start < n) {
    const at = purchases[start] ?? 0
    let end = start + 1
    while (end < n && purchases[end] === at) end++
    while (place < m && (confirmations[place] ?? 0) < at) place++
    const fromPurchases = carryMost(purchases, start, confirmations, place, m, at)
    const fromConfirmations = carryMost(confirmations, place, purchases, start, n, at)
    for (let i = start; i < end; i++) {
      // Of purchases at one instant the first pair, each after the one before it.
      const centre = place + i - start
      highs[i] = centre + fromPurchases + 1
      lows[i] = lowest(confirmations, centre - fromConfirmations, place)
    }
    start = end
  }
  intersect(space, limits)
}

/** The first confirmation that may be meant by place `low`: of several at one instant, the first. */
function lowest(confirmations: Float64Array, low: number, place: number): number {
  if (low <= 0) return 0
  if (low >= place) return low
  const at = confirmations[low] ?? 0
  let first = low
  while (first > 0 && confirmations[first - 1] === at) first--
  return first
}

/** Makes both edges never fall, by widening only, and cuts them to the limits. */
function intersect(space: Workspace, limits: Limits): void {
  const { lows, highs } = space
  let high = 0
  for (let i = 0; i < limits.n; i++) {
    high = Math.max(high, highs[i] ?? 0)
    highs[i] = Math.min(high, limits.highs[i] ?? 0)
  }
  let low = limits.m
  for (let i = limits.n - 1; i >= 0; i--) {
    low = Math.min(low, lows[i] ?? 0)
    lows[i] = Math.max(low, limits.lows[i] ?? 0)
  }
  for (let i = 0; i < limits.n; i++) highs[i] = Math.max(lows[i] ?? 0, highs[i] ?? 0)
}

/** Chunks in which a sum of distances is bounded from below; more give a narrower band. */
const CHUNKS = 8

/** The most rows that can be carried across `at` for a sum of distances of at most `sumMax`. */
function carryMax(
  before: Float64Array,
  beforeEnd: number,
  after: Float64Array,
  afterStart: number,
  afterEnd: number,
  at: number,
  sumMax: number,
): number {
  const costs = (carried: number): number => {
    let sum = 0
    for (let chunk = 0; chunk < CHUNKS; chunk++) {
      const from = Math.floor((carried * chunk) / CHUNKS)
      const rows = Math.floor((carried * (chunk + 1)) / CHUNKS) - from
      if (rows === 0) continue
      sum +=
        rows * (at - (before[beforeEnd - 1 - from] ?? 0) + (after[afterStart + from] ?? 0) - at)
    }
    return sum
  }
  let possible = 0
  let impossible = Math.min(beforeEnd, afterEnd - afterStart) + 1
  while (impossible - possible > 1) {
    const middle = (possible + impossible) >> 1
    // Too much for these is too much for more, whatever the bound makes of more.
    if (costs(middle) > sumMax) impossible = middle
    else possible = middle
  }
  return possible
}
