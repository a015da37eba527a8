import { addPair, type PairList } from './pair-list.ts'
import { reserveDecisions, type Workspace } from './workspace.ts'

/** Bits of a decision: this pair is in some best alignment; this purchase is, in this pair or a later. */
const PAIRS_HERE = 1
const PAIRS_AT_ALL = 2

/** Decisions that are kept at once, a byte each: more only if there would be too many blocks. */
const BLOCK_CELLS = 1 << 22
const BLOCKS_MAX = 128

/** Where the pairs of a problem go, and what to add to its positions to get rows. */
export type Target = {
  readonly pairs: PairList
  readonly firstPurchase: number
  readonly firstConfirmation: number
}

/**
 * Writes the best alignment within the band of the workspace: most pairs, then the least sum of
 * distances, then the lexicographically smallest list of pairs.
 *
 * Value of (i, j): the best of purchases i.. and confirmations j... The walk from (0, 0) takes a
 * purchase whenever some best alignment has it, and of its partners the first. Decisions are kept
 * for one block of rows at a time; the others are swept again from the values at their end, so
 * memory is a 128th of the cells, not all of them.
 */
export function traceBest(
  space: Workspace,
  n: number,
  m: number,
  target: Target,
  blockCellsMin = BLOCK_CELLS,
): void {
  const blockCells = Math.max(blockCellsMin, Math.ceil(bandCells(space, n) / BLOCKS_MAX))
  const ends = blockEnds(space, n, blockCells)
  clearValues(space, m)
  const kept: Kept[] = []
  for (let block = ends.length - 1; block > 0; block--) {
    kept[block] = keep(space, n, ends[block] ?? n)
    sweep(space, n, ends[block - 1] ?? 0, ends[block] ?? n)
  }
  let confirmation = 0
  let first = 0
  ends.forEach((end, block) => {
    const values = kept[block]
    if (values !== undefined) restore(space, values)
    record(space, n, first, end)
    confirmation = walk(space, first, end, confirmation, target)
    first = end
  })
}

/** The cells of the band. */
export function bandCells(space: Workspace, n: number): number {
  const { lows, highs } = space
  let cells = 0
  for (let i = 0; i < n; i++) cells += (highs[i] ?? 0) - (lows[i] ?? 0)
  return cells
}

/** The best value within the band, without its pairs. */
export function bestValue(
  space: Workspace,
  n: number,
  m: number,
): { readonly count: number; readonly sum: number } {
  clearValues(space, m)
  sweep(space, n, 0, n)
  const at = space.lows[0] ?? 0
  return { count: space.counts[at] ?? 0, sum: space.sums[at] ?? 0 }
}

/** Past the last purchase nothing pairs any more. */
function clearValues(space: Workspace, m: number): void {
  space.counts.fill(0, 0, m + 1)
  space.sums.fill(0, 0, m + 1)
}

/** Row numbers at which blocks of rows end; the last is n. */
function blockEnds(space: Workspace, n: number, blockCells: number): number[] {
  const ends: number[] = []
  let cells = 0
  for (let i = 0; i < n; i++) {
    const width = (space.highs[i] ?? 0) - (space.lows[i] ?? 0)
    if (cells > 0 && cells + width > blockCells) {
      ends.push(i)
      cells = 0
    }
    cells += width
  }
  ends.push(n)
  return ends
}

/** Values of one row, which those before it can be swept from. */
type Kept = { readonly low: number; readonly counts: Int32Array; readonly sums: Float64Array }

function keep(space: Workspace, n: number, row: number): Kept {
  // After the last row every value is zero and any of them may be asked for.
  const low = row < n ? (space.lows[row] ?? 0) : (space.lows[n - 1] ?? 0)
  const high = (row < n ? space.highs[row] : space.highs[n - 1]) ?? 0
  const counts = space.counts.slice(low, high + 1)
  return { low, counts, sums: space.sums.slice(low, high + 1) }
}

function restore(space: Workspace, kept: Kept): void {
  space.counts.set(kept.counts, kept.low)
  space.sums.set(kept.sums, kept.low)
}

/** In row i a confirmation before the band of row i + 1 is as good as the first in it. */
function extendLeft(space: Workspace, n: number, i: number): void {
  if (i + 1 >= n) return
  const from = space.lows[i] ?? 0
  const to = space.lows[i + 1] ?? 0
  if (from === to) return
  space.counts.fill(space.counts[to] ?? 0, from, to)
  space.sums.fill(space.sums[to] ?? 0, from, to)
}

/** Takes the values of row `end` to those of row `first`. */
function sweep(space: Workspace, n: number, first: number, end: number): void {
  const { purchases, confirmations, lows, highs, counts, sums } = space
  for (let i = end - 1; i >= first; i--) {
    extendLeft(space, n, i)
    const at = purchases[i] ?? 0
    const low = lows[i] ?? 0
    const high = highs[i] ?? 0
    let diagonalCount = counts[high] ?? 0
    let diagonalSum = sums[high] ?? 0
    let bestCount = diagonalCount
    let bestSum = diagonalSum
    for (let j = high - 1; j >= low; j--) {
      const belowCount = counts[j] ?? 0
      const belowSum = sums[j] ?? 0
      const pairCount = diagonalCount + 1
      const pairSum = diagonalSum + Math.abs(at - (confirmations[j] ?? 0))
      if (belowCount > bestCount || (belowCount === bestCount && belowSum < bestSum)) {
        bestCount = belowCount
        bestSum = belowSum
      }
      if (pairCount > bestCount || (pairCount === bestCount && pairSum < bestSum)) {
        bestCount = pairCount
        bestSum = pairSum
      }
      counts[j] = bestCount
      sums[j] = bestSum
      diagonalCount = belowCount
      diagonalSum = belowSum
    }
  }
}

/** As {@link sweep}, and writes the decisions of these rows, each row from its low to its high. */
function record(space: Workspace, n: number, first: number, end: number): void {
  const { purchases, confirmations, lows, highs, counts, sums } = space
  let base = 0
  for (let i = first; i < end; i++) base += (highs[i] ?? 0) - (lows[i] ?? 0)
  reserveDecisions(space, base)
  const { decisions } = space
  for (let i = end - 1; i >= first; i--) {
    extendLeft(space, n, i)
    const at = purchases[i] ?? 0
    const low = lows[i] ?? 0
    const high = highs[i] ?? 0
    base -= high - low
    let diagonalCount = counts[high] ?? 0
    let diagonalSum = sums[high] ?? 0
    let bestCount = diagonalCount
    let bestSum = diagonalSum
    let atAll = 0
    for (let j = high - 1; j >= low; j--) {
      const belowCount = counts[j] ?? 0
      const belowSum = sums[j] ?? 0
      const pairCount = diagonalCount + 1
      const pairSum = diagonalSum + Math.abs(at - (confirmations[j] ?? 0))
      let decision = atAll
      if (belowCount > bestCount || (belowCount === bestCount && belowSum < bestSum)) {
        bestCount = belowCount
        bestSum = belowSum
        // Leaving out this confirmation is no longer best, so neither is any partner after it.
        decision = 0
      }
      if (pairCount > bestCount || (pairCount === bestCount && pairSum <= bestSum)) {
        bestCount = pairCount
        bestSum = pairSum
        decision = PAIRS_HERE | PAIRS_AT_ALL
      }
      decisions[base + j - low] = decision
      atAll = decision & PAIRS_AT_ALL
      counts[j] = bestCount
      sums[j] = bestSum
      diagonalCount = belowCount
      diagonalSum = belowSum
    }
  }
}

/** Follows the decisions of these rows from `confirmation` on; returns the one after the last taken. */
function walk(
  space: Workspace,
  first: number,
  end: number,
  confirmation: number,
  target: Target,
): number {
  const { lows, highs, decisions } = space
  let j = confirmation
  let base = 0
  for (let i = first; i < end; i++) {
    const low = lows[i] ?? 0
    const high = highs[i] ?? 0
    if (j < low) j = low
    while (j < high) {
      const decision = decisions[base + j - low] ?? 0
      if ((decision & PAIRS_AT_ALL) === 0) break
      j++
      if ((decision & PAIRS_HERE) === 0) continue
      addPair(target.pairs, target.firstPurchase + i, target.firstConfirmation + j - 1)
      break
    }
    base += high - low
  }
  return j
}
