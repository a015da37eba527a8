// Builders of rows by rank, as they come out of cleaning. Say what matters, in row order.
import type { PurchaseRows, RowTexts } from '../../packages/server/src/reports/clean/clean.ts'
import { createTextList, type Texts } from '../../packages/server/src/reports/texts/texts.ts'

export type RowCells = {
  /** Seconds since 1970. */
  readonly at?: number
  readonly usd?: number
  /** Equal numbers are equal players. */
  readonly player?: number
  /** A name, empty for none; or the two halves of a hash. */
  readonly receipt?: string | readonly [number, number]
  readonly campaign?: number
  readonly isAf?: boolean
  /** 0: none, 1: by its own player, 2: by another. */
  readonly chargeback?: 0 | 1 | 2
}

/** Purchases at their ranks; confirmations are the same with less. Each cell has a harmless value. */
export function rowsOf(cells: readonly RowCells[]): PurchaseRows {
  return {
    count: cells.length,
    instants: Float64Array.from(cells, ({ at = 0 }) => Math.round(at * 1e6)),
    micros: Float64Array.from(cells, ({ usd = 4.99 }) => Math.round(usd * 1e6)),
    players: Int32Array.from(cells, ({ player = 0 }) => player),
    receipts: Int32Array.from(cells.flatMap(({ receipt = '' }) => halvesOf(receipt))),
    // A kind for each row.
    kinds: Int32Array.from(cells, (_cells, rank) => rank),
    campaignKeys: Int32Array.from(cells, ({ campaign = 0 }) => campaign),
    isAf: Uint8Array.from(cells, ({ isAf = false }) => Number(isAf)),
    chargebacks: Uint8Array.from(cells, ({ chargeback = 0 }) => chargeback),
  }
}

/** Any hash will do that differs for all names of a test and is not 0 for one. */
function halvesOf(receipt: string | readonly [number, number]): readonly [number, number] {
  if (typeof receipt !== 'string') return receipt
  if (receipt === '') return [0, 0]
  let [low, high] = [1, 7]
  for (const letter of Buffer.from(receipt)) {
    low = Math.imul(low ^ letter, 0x01000193)
    high = Math.imul(high, 31) + letter
  }
  return [low, high]
}

/** What is shown of rows: players by their number, receipts by rank. */
export const rowTextsOf = (players: readonly string[], receipts: readonly string[]): RowTexts => ({
  players: textsOf(players),
  // In the file they stood the other way round.
  receipts: textsOf(receipts.toReversed()),
  order: Int32Array.from(receipts, (_receipt, rank) => receipts.length - 1 - rank),
})

function textsOf(texts: readonly string[]): Texts {
  const list = createTextList({ texts: texts.length, bytes: 0 })
  for (const text of texts) {
    const bytes = Buffer.from(text)
    list.add(bytes, 0, bytes.length)
  }
  return list.texts()
}
