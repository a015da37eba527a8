import { narrowBand, setBand } from './band.ts'
import { alignExactly } from './exact-align.ts'
import { addPair, type PairList } from './pair-list.ts'
import { traceBest } from './sweep.ts'
import { createWorkspace, reserve, type Workspace } from './workspace.ts'

/**
 * Instants in integer microseconds. A Float64Array holds them exactly up to the year 2255 (2^53);
 * a column with later ones must come as a BigInt64Array, which is slower.
 */
export type Instants = Float64Array | BigInt64Array

/** Rows of many groups, sorted by group and then in row order, which begins with the instant. */
export type GroupedRows = { readonly groups: Int32Array; readonly instants: Instants }

/** Pairs purchases with confirmations; keeps its memory from call to call. Not reentrant. */
export type Aligner = {
  /**
   * Adds the pairs of one group to `out`, as positions in the two arrays, in order. Both arrays are
   * in row order; `window` is the greatest distance of a pair in microseconds, or Infinity.
   */
  readonly alignPairs: (
    purchases: Instants,
    confirmations: Instants,
    window: number,
    out: PairList,
  ) => void
  /** As {@link Aligner.alignPairs} for each group that has rows on both sides. */
  readonly alignGroups: (
    purchases: GroupedRows,
    confirmations: GroupedRows,
    window: number,
    out: PairList,
  ) => void
}

/** An aligner without memory yet. */
export function createAligner(): Aligner {
  const space = createWorkspace()
  return {
    alignPairs: (purchases, confirmations, window, out) =>
      alignRange(
        space,
        { instants: purchases, start: 0, end: purchases.length },
        { instants: confirmations, start: 0, end: confirmations.length },
        window,
        out,
      ),
    alignGroups: (purchases, confirmations, window, out) =>
      alignGroups(space, purchases, confirmations, window, out),
  }
}

/** Some rows that follow one another. */
type Range = { instants: Instants; start: number; end: number }

function alignGroups(
  space: Workspace,
  purchases: GroupedRows,
  confirmations: GroupedRows,
  window: number,
  out: PairList,
): void {
  // Two objects for all groups: a run has millions of them.
  const left: Range = { instants: purchases.instants, start: 0, end: 0 }
  const right: Range = { instants: confirmations.instants, start: 0, end: 0 }
  const leftGroups = purchases.groups
  const rightGroups = confirmations.groups
  while (left.start < leftGroups.length && right.start < rightGroups.length) {
    const leftGroup = leftGroups[left.start] ?? 0
    const rightGroup = rightGroups[right.start] ?? 0
    if (leftGroup < rightGroup) left.start++
    else if (leftGroup > rightGroup) right.start++
    else {
      left.end = endOfGroup(leftGroups, left.start)
      right.end = endOfGroup(rightGroups, right.start)
      alignRange(space, left, right, window, out)
      left.start = left.end
      right.start = right.end
    }
  }
}

function endOfGroup(groups: Int32Array, start: number): number {
  let end = start + 1
  while (end < groups.length && groups[end] === groups[start]) end++
  return end
}

/** Cuts a group where a gap is longer than the window, and aligns each part that has both sides. */
function alignRange(
  space: Workspace,
  left: Range,
  right: Range,
  window: number,
  out: PairList,
): void {
  const rows = left.end - left.start
  const others = right.end - right.start
  if (rows === 0 || others === 0) return
  reserve(space, rows, others)
  if (!load(space, left, right, window)) {
    alignFar(left, right, out)
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
    alignPart(space, firstPurchase, i, firstConfirmation, j, window, left.start, right.start, out)
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
  leftStart: number,
  rightStart: number,
  out: PairList,
): void {
  const { purchases, confirmations } = space
  const n = end - start
  const m = otherEnd - otherStart
  if (n === 1) {
    const nearest = nearestTo(purchases[start] ?? 0, confirmations, otherStart, otherEnd, window)
    if (nearest >= 0) addPair(out, leftStart + start, rightStart + nearest)
    return
  }
  if (m === 1) {
    const nearest = nearestTo(confirmations[otherStart] ?? 0, purchases, start, end, window)
    if (nearest >= 0) addPair(out, leftStart + nearest, rightStart + otherStart)
    return
  }
  // A part further on moves to the front, over rows that are done.
  if (start > 0) purchases.copyWithin(0, start, end)
  if (otherStart > 0) confirmations.copyWithin(0, otherStart, otherEnd)
  const most = setBand(space, n, m, window)
  narrowBand(space, n, m, most)
  traceBest(space, n, m, {
    pairs: out,
    firstPurchase: leftStart + start,
    firstConfirmation: rightStart + otherStart,
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
 * Copies a group into the workspace, with its first instant as origin. False if its instants, or
 * a sum of distances, may be 2^53 or more, beyond which doubles skip integers.
 *
 * Below, all is exact: differences and sums of integers, each smaller than 2^53.
 */
function load(space: Workspace, left: Range, right: Range, window: number): boolean {
  const rows = left.end - left.start
  const others = right.end - right.start
  const [from, to] = [left.instants, right.instants]
  let span: number
  if (from instanceof Float64Array && to instanceof Float64Array) {
    const origin = Math.min(from[left.start] ?? 0, to[right.start] ?? 0)
    copyNumbers(from, left.start, left.end, origin, space.purchases)
    copyNumbers(to, right.start, right.end, origin, space.confirmations)
    span = Math.max(space.purchases[rows - 1] ?? 0, space.confirmations[others - 1] ?? 0)
  } else span = loadBigints(space, left, right, window)
  const pairsMax = Math.min(rows, others)
  if (window === Infinity) return pairsMax * span < EXACT_END
  if (span < EXACT_END && pairsMax * window < EXACT_END) return true
  throw new RangeError('a group of rows is too large to be aligned exactly')
}

/** 2^53: below it a double holds every integer. */
const EXACT_END = Number.MAX_SAFE_INTEGER + 1

function copyNumbers(
  from: Float64Array,
  start: number,
  end: number,
  origin: number,
  to: Float64Array,
): void {
  for (let k = start; k < end; k++) to[k - start] = (from[k] ?? 0) - origin
}

/** As for doubles; a gap longer than the window parts rows whatever its length, so it is cut short. */
function loadBigints(space: Workspace, left: Range, right: Range, window: number): number {
  let [i, j] = [left.start, right.start]
  let last = BigInt(Math.min(Number(left.instants[i]), Number(right.instants[j])))
  let at = 0
  let first = true
  while (i < left.end || j < right.end) {
    const purchase = i < left.end ? BigInt(left.instants[i] ?? 0) : undefined
    const confirmation = j < right.end ? BigInt(right.instants[j] ?? 0) : undefined
    const isPurchase =
      confirmation === undefined || (purchase !== undefined && purchase <= confirmation)
    const next = (isPurchase ? purchase : confirmation) ?? 0n
    if (!first) at += Math.min(Number(next - last), window + 1)
    first = false
    last = next
    if (isPurchase) space.purchases[i++ - left.start] = at
    else space.confirmations[j++ - right.start] = at
  }
  return at
}

/** Rows so far apart that only integers of any size hold their distances. */
function alignFar(left: Range, right: Range, out: PairList): void {
  alignExactly(bigints(left), bigints(right), {
    pairs: out,
    firstPurchase: left.start,
    firstConfirmation: right.start,
  })
}

function bigints({ instants, start, end }: Range): bigint[] {
  return Array.from({ length: end - start }, (_, k) => BigInt(instants[start + k] ?? 0))
}
