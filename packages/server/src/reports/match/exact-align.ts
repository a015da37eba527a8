import { addPair } from './pair-list.ts'
import type { Target } from './sweep.ts'

/**
 * The best alignment of rows at any distance, for those so many and so far apart that doubles
 * cannot hold the sum of their distances (a thousand rows of one receipt over 104 days). Short
 * and slow; at most 1,000 rows a side come here.
 */
export function alignExactly(
  purchases: readonly bigint[],
  confirmations: readonly bigint[],
  target: Target,
): void {
  const n = purchases.length
  const m = confirmations.length
  // All rows of the shorter side pair, so j - i lies between these; nothing else is a cell.
  const least = Math.min(0, m - n)
  const width = Math.abs(m - n) + 1
  const cellOf = (i: number, j: number): number =>
    j - i < least || j - i >= least + width ? -1 : i * width + j - i - least
  /** The least sum of distances of the rows from (i, j) on; zero where either side has ended. */
  const sums = new Array<bigint>((n + 1) * width).fill(0n)
  const decisions = new Uint8Array(sums.length)
  for (let i = n - 1; i >= 0; i--) {
    for (let j = Math.min(m - 1, i + least + width - 1); j >= Math.max(0, i + least); j--) {
      const apart = (purchases[i] ?? 0n) - (confirmations[j] ?? 0n)
      const pair = (sums[cellOf(i + 1, j + 1)] ?? 0n) + (apart < 0n ? -apart : apart)
      // Only rows of the longer side stay alone, so with more confirmations a purchase pairs later.
      const other = n === m ? undefined : sums[m > n ? cellOf(i, j + 1) : cellOf(i + 1, j)]
      const isBest = other === undefined || pair <= other
      sums[cellOf(i, j)] = isBest ? pair : other
      decisions[cellOf(i, j)] = isBest ? PAIRS_HERE : m > n ? PAIRS_LATER : STAYS_ALONE
    }
  }
  let j = 0
  for (let i = 0; i < n && j < m; i++) {
    while (j < m && decisions[cellOf(i, j)] === PAIRS_LATER) j++
    if (j === m || decisions[cellOf(i, j)] !== PAIRS_HERE) continue
    addPair(target.pairs, target.firstPurchase + i, target.firstConfirmation + j)
    j++
  }
}

const STAYS_ALONE = 0
const PAIRS_HERE = 1
const PAIRS_LATER = 2
