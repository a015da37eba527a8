import type { Rows } from '../clean/clean.ts'
import { type Aligner, createAligner, createPairList, type PairList } from '../match/match.ts'
import type { ByPlayer } from './by-player.ts'
import { FLAG, type Matches, RULE, type Sides, WINDOW } from './matches.ts'

/**
 * What matching one player needs. Its lists are used again for the next player, so that millions of
 * them with a few rows each make no garbage.
 */
export type Table = {
  readonly sides: Sides
  readonly matches: Matches
  readonly junkReceiptRows: number
  readonly aligner: Aligner
  readonly found: PairList
  /** Rows with a receipt: a purchase is its rank here, a confirmation −1 − its rank. */
  rows: Int32Array
  /** Ranks that are to be aligned, and their instants. */
  ours: Int32Array
  theirs: Int32Array
  ourInstants: Float64Array
  theirInstants: Float64Array
}

export function createTable(sides: Sides, matches: Matches, junkReceiptRows: number): Table {
  const lists = listsFor(64)
  const found = createPairList()
  return { sides, matches, junkReceiptRows, aligner: createAligner(), found, ...lists }
}

const listsFor = (rows: number) => ({
  rows: new Int32Array(rows),
  ours: new Int32Array(rows),
  theirs: new Int32Array(rows),
  ourInstants: new Float64Array(rows),
  theirInstants: new Float64Array(rows),
})

/** Matches the rows of one player, first by receipt, then by time. */
export function matchPlayer(table: Table, a: ByPlayer, b: ByPlayer, player: number): void {
  const ours = (a.from[player + 1] as number) - (a.from[player] as number)
  const theirs = (b.from[player + 1] as number) - (b.from[player] as number)
  const isOneSided = ours === 0 || theirs === 0
  if (isOneSided && ours + theirs <= table.junkReceiptRows) return
  if (ours + theirs > table.rows.length) Object.assign(table, listsFor((ours + theirs) * 2))
  matchReceipts(table, gatherReceipts(table, a, b, player))
  matchTimes(table, a, b, player)
}

function gatherReceipts(table: Table, a: ByPlayer, b: ByPlayer, player: number): number {
  const { rows, sides } = table
  let count = 0
  for (let i = a.from[player] as number; i < (a.from[player + 1] as number); i += 1) {
    const rank = a.ranks[i] as number
    if (hasReceipt(sides.purchases, rank)) rows[count++] = rank
  }
  for (let i = b.from[player] as number; i < (b.from[player + 1] as number); i += 1) {
    const rank = b.ranks[i] as number
    if (hasReceipt(sides.confirmations, rank)) rows[count++] = -1 - rank
  }
  return count
}

function matchReceipts(table: Table, count: number): void {
  const { rows } = table
  sortByReceipt(table, count)
  for (let from = 0, to = 1; to <= count; to += 1) {
    if (to < count && compareReceipts(table, rows[from] as number, rows[to] as number) === 0)
      continue
    if (to - from > table.junkReceiptRows) markJunk(table, from, to)
    else if (to - from > 1) matchReceipt(table, from, to)
    from = to
  }
}

/** Rows `from` to `to` have one receipt, purchases first, each side in row order. */
function matchReceipt(table: Table, from: number, to: number): void {
  const { rows, ours, theirs } = table
  let ourCount = 0
  let theirCount = 0
  for (let i = from; i < to; i += 1) {
    const row = rows[i] as number
    if (row >= 0) ours[ourCount++] = row
    else theirs[theirCount++] = -1 - row
  }
  align(table, ourCount, theirCount, Number.POSITIVE_INFINITY, RULE.receipt)
}

function markJunk({ rows, matches }: Table, from: number, to: number): void {
  for (let i = from; i < to; i += 1) {
    const row = rows[i] as number
    if (row >= 0) matches.flags[row] = FLAG.junkReceipt
    else matches.ownFlags[-1 - row] = FLAG.junkReceipt
  }
}

function matchTimes(table: Table, a: ByPlayer, b: ByPlayer, player: number): void {
  const { matches, ours, theirs } = table
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
  align(table, ourCount, theirCount, WINDOW, RULE.time)
}

/** Matches the first rows of `ours` and `theirs`. */
function align(table: Table, ourCount: number, theirCount: number, window: number, rule: number) {
  const { sides, ours, theirs, ourInstants, theirInstants, found } = table
  if (ourCount === 0 || theirCount === 0) return
  if (ourCount === 1 && theirCount === 1) {
    const [purchase, confirmation] = [ours[0] as number, theirs[0] as number]
    if (apart(sides, purchase, confirmation) <= window) pair(table, purchase, confirmation, rule)
    return
  }
  for (let i = 0; i < ourCount; i += 1) {
    ourInstants[i] = sides.purchases.instants[ours[i] as number] as number
  }
  for (let i = 0; i < theirCount; i += 1) {
    theirInstants[i] = sides.confirmations.instants[theirs[i] as number] as number
  }
  found.length = 0
  const own = ourInstants.subarray(0, ourCount)
  table.aligner.alignPairs(own, theirInstants.subarray(0, theirCount), window, found)
  for (let i = 0; i < found.length; i += 1) {
    const purchase = ours[found.purchases[i] as number] as number
    pair(table, purchase, theirs[found.confirmations[i] as number] as number, rule)
  }
}

function pair({ sides, matches }: Table, purchase: number, confirmation: number, rule: number) {
  matches.confirmations[purchase] = confirmation
  matches.rules[purchase] = rule
  matches.taken[confirmation] = 1
  let flags = (matches.flags[purchase] as number) | (matches.ownFlags[confirmation] as number)
  if (apart(sides, purchase, confirmation) > WINDOW) flags |= FLAG.outsideWindow
  // A junk receipt counts as none, so there is nothing to differ.
  const isCompared = rule === RULE.time && (flags & FLAG.junkReceipt) === 0
  if (isCompared && haveOtherReceipts(sides, purchase, confirmation)) flags |= FLAG.receiptMismatch
  matches.flags[purchase] = flags
}

const apart = ({ purchases, confirmations }: Sides, purchase: number, confirmation: number) =>
  Math.abs(
    (confirmations.instants[confirmation] as number) - (purchases.instants[purchase] as number),
  )

const hasReceipt = ({ receipts }: Rows, rank: number): boolean =>
  receipts[rank * 2] !== 0 || receipts[rank * 2 + 1] !== 0

function haveOtherReceipts(sides: Sides, purchase: number, confirmation: number): boolean {
  const { purchases, confirmations } = sides
  if (!hasReceipt(purchases, purchase) || !hasReceipt(confirmations, confirmation)) return false
  return [0, 1].some(
    (half) =>
      purchases.receipts[purchase * 2 + half] !== confirmations.receipts[confirmation * 2 + half],
  )
}

/** Half of the hash of the receipt of a row of `rows`. */
const receiptHalf = ({ sides }: Table, row: number, half: number): number =>
  row >= 0
    ? (sides.purchases.receipts[row * 2 + half] as number)
    : (sides.confirmations.receipts[(-1 - row) * 2 + half] as number)

const compareReceipts = (table: Table, a: number, b: number): number =>
  receiptHalf(table, a, 0) - receiptHalf(table, b, 0) ||
  receiptHalf(table, a, 1) - receiptHalf(table, b, 1)

/** Most players have a handful of rows, for which nothing beats insertion. */
const INSERTION_MAX = 32

/** Equal receipts stay as they came: purchases before confirmations, each by rank. */
function sortByReceipt(table: Table, count: number): void {
  const { rows } = table
  if (count > INSERTION_MAX) {
    rows.subarray(0, count).sort((a, b) => compareReceipts(table, a, b))
    return
  }
  for (let i = 1; i < count; i += 1) {
    const row = rows[i] as number
    let to = i
    while (to > 0 && compareReceipts(table, rows[to - 1] as number, row) > 0) {
      rows[to] = rows[to - 1] as number
      to -= 1
    }
    rows[to] = row
  }
}
