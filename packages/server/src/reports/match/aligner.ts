import { narrowBand, setBand } from './band.ts'
import { alignExactly } from './exact-align.ts'
import { addPair, type PairList } from './pair-list.ts'
import { traceBest } from './sweep.ts'
import { createWorkspace, reserve, type Workspace } from './workspace.ts'

/** Pairs purchases with confirmations; keeps its memory from call to call. Not reentrant. */
export type Aligner = {
  /**
   * Adds the pairs of one group to `out`, as positions in the two arrays, in order. Both hold instants
   * in integer microseconds, which doubles hold exactly below 2^53, in row order; `window` is the
   * greatest distance of a pair, or Infinity.
   */
  readonly alignPairs: (
    purchases: Float64Array,
    confirmations: Float64Array,
    window: number,
    out: PairList,
  ) => void
}

/** An aligner without memory yet. */
export function createAligner(): Aligner {
  const space = createWorkspace()
  return {
    alignPairs: (purchases, confirmations, window, out) =>
      alignGroup(space, purchases, confirmations, window, out),
  }
}

/** Cuts a group where a gap is longer than the window, and aligns each part that has both sides. */
function alignGroup(
  space: Workspace,
  ours: Float64Array,
  theirs: Float64Array,
  window: number,
  out: PairList,
): void {
  const rows = ours.length
  const others = theirs.length
  if (rows === 0 || others === 0) return
  reserve(space, rows, others)
  if (!load(space, ours, theirs, window)) {
    alignFar(ours, theirs, out)
    return
  }
  const { purchases, confirmations } = space
  let i = 0
  let j = 0
  while (i < rows && j < others) {
    const firstPurchase = i
    const firstConfirmation = j
    let last = Math.min(purchases[i] ?? 0, confirmations[j] ?? 0)
    // The rows of one part, in time: each is within the window of the one before it.
    for (;;) {
      const purchase = i < rows ? (purchases[i] ?? 0) : Infinity
      const confirmation = j < others ? (confirmations[j] ?? 0) : Infinity
      const next = purchase <= confirmation ? purchase : confirmation
      if (next === Infinity || next - last > window) break
      last = next
      if (purchase <= confirmation) i++
      else j++
    }
    if (i === firstPurchase || j === firstConfirmation) continue
    alignPart(space, firstPurchase, i, firstConfirmation, j, window, out)
  }
}

/** Aligns the loaded rows of one part; pairs are positions in the arrays of the caller. */
function alignPart(
  space: Workspace,
  start: number,
  end: number,
  otherStart: number,
  otherEnd: number,
  window: number,
  out: PairList,
): void {
  const { purchases, confirmations } = space
  const n = end - start
  const m = otherEnd - otherStart
  if (n === 1) {
    const nearest = nearestTo(purchases[start] ?? 0, confirmations, otherStart, otherEnd, window)
    if (nearest >= 0) addPair(out, start, nearest)
    return
  }
  if (m === 1) {
    const nearest = nearestTo(confirmations[otherStart] ?? 0, purchases, start, end, window)
    if (nearest >= 0) addPair(out, nearest, otherStart)
    return
  }
  // A part further on moves to the front, over rows that are done.
  if (start > 0) purchases.copyWithin(0, start, end)
  if (otherStart > 0) confirmations.copyWithin(0, otherStart, otherEnd)
  const most = setBand(space, n, m, window)
  narrowBand(space, n, m, most)
  traceBest(space, n, m, {
    pairs: out,
    firstPurchase: start,
    firstConfirmation: otherStart,
  })
}

/** The first of the nearest within the window, -1 if there is none. */
function nearestTo(
  at: number,
  instants: Float64Array,
  start: number,
  end: number,
  window: number,
): number {
  let nearest = -1
  let least = Infinity
  for (let k = start; k < end; k++) {
    const distance = Math.abs(at - (instants[k] ?? 0))
    if (distance < least && distance <= window) {
      nearest = k
      least = distance
    }
  }
  return nearest
}

/**
 * Copies a group into the workspace, with its first instant as origin. False if a sum of distances
 * without a window may be 2^53 or more, beyond which doubles skip integers.
 *
 * Below, all is exact: differences and sums of integers, each smaller than 2^53.
 */
function load(space: Workspace, ours: Float64Array, theirs: Float64Array, window: number): boolean {
  const origin = Math.min(ours[0] ?? 0, theirs[0] ?? 0)
  copy(ours, origin, space.purchases)
  copy(theirs, origin, space.confirmations)
  const span = Math.max(ours.at(-1) ?? 0, theirs.at(-1) ?? 0) - origin
  const pairsMax = Math.min(ours.length, theirs.length)
  if (window === Infinity) return pairsMax * span < EXACT_END
  if (pairsMax * window < EXACT_END) return true
  throw new RangeError('a group of rows is too large to be aligned exactly')
}

/** 2^53: below it a double holds every integer. */
const EXACT_END = Number.MAX_SAFE_INTEGER + 1

function copy(from: Float64Array, origin: number, to: Float64Array): void {
  for (let k = 0; k < from.length; k++) to[k] = (from[k] ?? 0) - origin
}

/** Rows so far apart that only integers of any size hold sums of their distances. */
function alignFar(ours: Float64Array, theirs: Float64Array, out: PairList): void {
  alignExactly(Array.from(ours, BigInt), Array.from(theirs, BigInt), {
    pairs: out,
    firstPurchase: 0,
    firstConfirmation: 0,
  })
}
