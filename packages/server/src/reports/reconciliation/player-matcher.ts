import type { Rows } from '../clean/clean.ts'
import { createAligner, createPairList } from '../match/match.ts'
import type { ByPlayer } from './by-player.ts'
import { FLAG, type Matches, RULE, type Sides, WINDOW } from './matches.ts'

/** Rows of one player are sorted by insertion up to so many: most players have a handful. */
const INSERTION_MAX = 32

/**
 * Matches one player after another. Its lists are used again for the next, so that millions of
 * players with a few rows each make no garbage.
 */
export function createPlayerMatcher(sides: Sides, matches: Matches, junkReceiptRows: number) {
  const { purchases, confirmations } = sides
  const aligner = createAligner()
  const found = createPairList()
  // A purchase is its rank here, a confirmation −1 − its rank.
  let rows = new Int32Array(64)
  let ours = new Int32Array(64)
  let theirs = new Int32Array(64)
  let ourInstants = new Float64Array(64)
  let theirInstants = new Float64Array(64)

  const half = (row: number, offset: number): number =>
    row >= 0
      ? (purchases.receipts[row * 2 + offset] as number)
      : (confirmations.receipts[(-1 - row) * 2 + offset] as number)
  const byReceipt = (a: number, b: number): number =>
    half(a, 0) - half(b, 0) || half(a, 1) - half(b, 1) || inRowOrder(a, b)
  const hasReceipt = (row: number): boolean => half(row, 0) !== 0 || half(row, 1) !== 0
  const isSameReceipt = (a: number, b: number): boolean =>
    half(a, 0) === half(b, 0) && half(a, 1) === half(b, 1)

  const pair = (purchase: number, confirmation: number, rule: number): void => {
    matches.confirmations[purchase] = confirmation
    matches.rules[purchase] = rule
    matches.taken[confirmation] = 1
    let flags = (matches.flags[purchase] as number) | (matches.ownFlags[confirmation] as number)
    const apart = instantOf(confirmations, confirmation) - instantOf(purchases, purchase)
    if (Math.abs(apart) > WINDOW) flags |= FLAG.outsideWindow
    // A junk receipt counts as none, so there is nothing to differ.
    if (rule === RULE.time && (flags & FLAG.junkReceipt) === 0) {
      const theirRow = -1 - confirmation
      const isCompared = hasReceipt(purchase) && hasReceipt(theirRow)
      if (isCompared && !isSameReceipt(purchase, theirRow)) flags |= FLAG.receiptMismatch
    }
    matches.flags[purchase] = flags
  }

  /** Matches the first rows of `ours` and `theirs`. */
  const align = (ourCount: number, theirCount: number, window: number, rule: number): void => {
    if (ourCount === 0 || theirCount === 0) return
    if (ourCount === 1 && theirCount === 1) {
      const [purchase, confirmation] = [ours[0] as number, theirs[0] as number]
      const apart = instantOf(confirmations, confirmation) - instantOf(purchases, purchase)
      if (Math.abs(apart) <= window) pair(purchase, confirmation, rule)
      return
    }
    for (let i = 0; i < ourCount; i += 1) {
      ourInstants[i] = instantOf(purchases, ours[i] as number)
    }
    for (let i = 0; i < theirCount; i += 1) {
      theirInstants[i] = instantOf(confirmations, theirs[i] as number)
    }
    found.length = 0
    aligner.alignPairs(
      ourInstants.subarray(0, ourCount),
      theirInstants.subarray(0, theirCount),
      window,
      found,
    )
    for (let i = 0; i < found.length; i += 1) {
      const purchase = ours[found.purchases[i] as number] as number
      pair(purchase, theirs[found.confirmations[i] as number] as number, rule)
    }
  }

  /** Rows `from` to `to` have one receipt, purchases first, each side in row order. */
  const matchReceipt = (from: number, to: number): void => {
    if (to - from > junkReceiptRows) return markJunk(from, to)
    let ourCount = 0
    let theirCount = 0
    for (let i = from; i < to; i += 1) {
      const row = rows[i] as number
      if (row >= 0) ours[ourCount++] = row
      else theirs[theirCount++] = -1 - row
    }
    align(ourCount, theirCount, Number.POSITIVE_INFINITY, RULE.receipt)
  }

  const markJunk = (from: number, to: number): void => {
    for (let i = from; i < to; i += 1) {
      const row = rows[i] as number
      if (row >= 0) matches.flags[row] = FLAG.junkReceipt
      else matches.ownFlags[-1 - row] = FLAG.junkReceipt
    }
  }

  const matchReceipts = (count: number): void => {
    sort(rows, count, byReceipt)
    for (let from = 0, to = 1; to <= count; to += 1) {
      if (to < count && isSameReceipt(rows[from] as number, rows[to] as number)) continue
      if (to - from > 1) matchReceipt(from, to)
      from = to
    }
  }

  const matchTimes = (a: ByPlayer, b: ByPlayer, player: number): void => {
    let ourCount = 0
    let theirCount = 0
    for (let i = a.from[player] as number; i < (a.from[player + 1] as number); i += 1) {
      const rank = a.ranks[i] as number
      if (matches.rules[rank] === RULE.none) ours[ourCount++] = rank
    }
    for (let i = b.from[player] as number; i < (b.from[player + 1] as number); i += 1) {
      const rank = b.ranks[i] as number
      if (matches.taken[rank] === 0) theirs[theirCount++] = rank
    }
    align(ourCount, theirCount, WINDOW, RULE.time)
  }

  const reserve = (count: number): void => {
    if (count <= rows.length) return
    const length = count * 2
    rows = new Int32Array(length)
    ours = new Int32Array(length)
    theirs = new Int32Array(length)
    ourInstants = new Float64Array(length)
    theirInstants = new Float64Array(length)
  }

  return (a: ByPlayer, b: ByPlayer, player: number): void => {
    const ourFrom = a.from[player] as number
    const ourTo = a.from[player + 1] as number
    const theirFrom = b.from[player] as number
    const theirTo = b.from[player + 1] as number
    const total = ourTo - ourFrom + theirTo - theirFrom
    const isOneSided = ourFrom === ourTo || theirFrom === theirTo
    if (isOneSided && total <= junkReceiptRows) return
    reserve(total)
    let count = 0
    for (let i = ourFrom; i < ourTo; i += 1) {
      const row = a.ranks[i] as number
      if (hasReceipt(row)) rows[count++] = row
    }
    for (let i = theirFrom; i < theirTo; i += 1) {
      const row = -1 - (b.ranks[i] as number)
      if (hasReceipt(row)) rows[count++] = row
    }
    matchReceipts(count)
    matchTimes(a, b, player)
  }
}

const instantOf = ({ instants }: Rows, rank: number): number => instants[rank] as number

/** Purchases by rank, then confirmations by rank. */
const inRowOrder = (a: number, b: number): number => (a >= 0 && b >= 0 ? a - b : b - a)

function sort(rows: Int32Array, count: number, compare: (a: number, b: number) => number): void {
  if (count > INSERTION_MAX) {
    rows.subarray(0, count).sort(compare)
    return
  }
  for (let i = 1; i < count; i += 1) {
    const row = rows[i] as number
    let to = i
    while (to > 0 && compare(rows[to - 1] as number, row) > 0) {
      rows[to] = rows[to - 1] as number
      to -= 1
    }
    rows[to] = row
  }
}
