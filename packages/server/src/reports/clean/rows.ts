import type { PurchaseFindings, PurchaseKind, SaleRows } from '../inspect/inspect.ts'
import type { NumberedTexts, TextNumbers, Texts } from '../texts/texts.ts'
import { chargebacksOf } from './chargebacks.ts'

/**
 * The rows of one side, by rank (their place in row order). Instants are microseconds and micros
 * money, as doubles: both stay below 2^53, so they and their differences are exact.
 */
export type Rows = {
  readonly count: number
  readonly instants: Float64Array
  readonly micros: Float64Array
  /** Equal numbers are equal players, on both sides. */
  readonly players: Int32Array
  /** Two 32-bit halves of a receipt's hash each; both 0 without receipt. */
  readonly receipts: Int32Array
}

export type PurchaseRows = Rows & {
  /** Numbers of the two lists below. */
  readonly kinds: Int32Array
  /** By kind: equal numbers are equal campaign keys. */
  readonly campaignKeys: Int32Array
  /** By kind: 1 when the event is `af_purchase`. */
  readonly isAf: Uint8Array
  readonly chargebacks: Uint8Array
}

/** The texts of one side, to be shown. */
export type RowTexts = {
  /** By the number of a player. */
  readonly players: Texts
  /** By row of the file. */
  readonly receipts: Texts
  /** The row of the file at each rank. */
  readonly order: Int32Array
}

/**
 * Puts the columns of rows, which were by row of the file, into their order. They stay where they are:
 * a second set would be a fifth of all memory.
 */
export function rankRows(rows: SaleRows, order: Int32Array): Rows {
  const { count, instants, micros, players, receipts } = rows
  const doubles = new Float64Array(count)
  permute(instants, order, doubles)
  permute(micros, order, doubles)
  permute(players, order, new Int32Array(doubles.buffer, 0, count))
  permutePairs(receipts, order, new Int32Array(doubles.buffer))
  return { count, instants, micros, players, receipts }
}

export function rankPurchases(
  {
    rows,
    kindNumbers,
    kinds,
    chargebacks,
  }: Pick<PurchaseFindings, 'rows' | 'kindNumbers' | 'kinds' | 'chargebacks'>,
  order: Int32Array,
): PurchaseRows {
  const ranked = rankRows(rows, order)
  permute(kindNumbers, order, new Int32Array(rows.count))
  return {
    ...ranked,
    kinds: kindNumbers,
    chargebacks: chargebacksOf(ranked, chargebacks),
    ...kindMeaning(kinds),
  }
}

/** @param before room for a copy of the column */
function permute<C extends Int32Array | Float64Array>(
  column: C,
  order: Int32Array,
  before: C,
): void {
  before.set(column)
  for (let rank = 0; rank < order.length; rank += 1) {
    column[rank] = before[order[rank] as number] as number
  }
}

function permutePairs(column: Int32Array, order: Int32Array, before: Int32Array): void {
  before.set(column)
  for (let rank = 0; rank < order.length; rank += 1) {
    const row = order[rank] as number
    column[rank * 2] = before[row * 2] as number
    column[rank * 2 + 1] = before[row * 2 + 1] as number
  }
}

/** What the numbers of kinds mean. */
export function kindMeaning(
  kinds: readonly PurchaseKind[],
): Pick<PurchaseRows, 'campaignKeys' | 'isAf'> {
  const keys = new Map(campaignKeysOf(kinds).map((key, number) => [key, number]))
  return {
    campaignKeys: Int32Array.from(kinds, ({ campaignKey }) => keys.get(campaignKey) ?? 0),
    isAf: Uint8Array.from(kinds, ({ folded }) => Number(folded === 'af_purchase')),
  }
}

/** The campaign keys by the numbers that rows have for them. */
export function campaignKeysOf(kinds: readonly PurchaseKind[]): readonly string[] {
  return [...new Set(kinds.map(({ campaignKey }) => campaignKey))]
}

const PLAYERS_AT_ONCE = 512

/**
 * Gives the players of the second side the numbers that they have on the first, and new ones to those
 * that are not there. Answers how many there are then.
 */
export function joinPlayers(first: TextNumbers, texts: NumberedTexts, second: Rows): number {
  const numbers = new Int32Array(texts.count)
  for (let from = 0; from < texts.count; from += PLAYERS_AT_ONCE) {
    const to = Math.min(from + PLAYERS_AT_ONCE, texts.count)
    first.numberAll(texts, from, to, numbers.subarray(from, to))
  }
  const { players } = second
  for (let rank = 0; rank < players.length; rank += 1) {
    players[rank] = numbers[players[rank] as number] as number
  }
  return first.count
}
