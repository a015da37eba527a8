import {
  joinPlayers,
  markConfirmations,
  markDuplicates,
  orderConfirmations,
  orderPurchases,
  rankPurchases,
  rankRows,
} from '../clean/clean.ts'
import type { RecordReader } from '../input/input.ts'
import {
  type ConfirmationColumns,
  createFoundSale,
  createPurchaseRows,
  createSaleRows,
  type PurchaseColumns,
  type PurchaseKind,
  type Room,
  type SaleRows,
  type SaleTarget,
} from '../inspect/inspect.ts'
import { matchRows } from '../reconciliation/reconciliation.ts'
import type { MatchedPart } from './outcomes.ts'
import { readSale, type SpilledRows } from './spilled-rows.ts'

/** One of the two files whose rows were spilled. */
type SpilledSide<Columns> = {
  readonly spilled: SpilledRows
  readonly columns: Columns
  /** Reads its records again. */
  readonly records: RecordReader
}

/** Both sides of all parts. */
type SpilledSides = {
  readonly purchases: SpilledSide<PurchaseColumns> & { readonly kinds: readonly PurchaseKind[] }
  readonly confirmations: SpilledSide<ConfirmationColumns>
  readonly junkReceiptRows: number
}

/** Brings one part into memory and matches it, as rows that never left it are. */
export function matchPart(
  { purchases: ours, confirmations: theirs, junkReceiptRows }: SpilledSides,
  part: number,
): MatchedPart {
  const target = createPurchaseRows(roomOf(ours.spilled, part), true)
  load(ours.spilled, part, target)
  const found = { ...target.read(), kinds: ours.kinds, chargebacks: [] }
  const order = orderPurchases(found, ours.columns, cellsOf(ours, found.rows))
  const purchases = rankPurchases(found, order)

  const others = createSaleRows(roomOf(theirs.spilled, part), true)
  load(theirs.spilled, part, others)
  const rows = others.rows()
  const otherOrder = orderConfirmations(rows, theirs.columns, cellsOf(theirs, rows))
  const confirmations = rankRows(rows, otherOrder)

  const players = joinPlayers(found.players, rows.playerTexts, confirmations)
  const sides = {
    ...{ purchases, purchaseMarks: markDuplicates(purchases) },
    ...{ confirmations, confirmationMarks: markConfirmations(confirmations), players },
  }
  const names = found.players.texts()
  return {
    part,
    sides,
    matches: matchRows(sides, junkReceiptRows),
    texts: {
      purchases: { players: names, receipts: found.rows.receiptTexts, order },
      confirmations: { players: names, receipts: rows.receiptTexts, order: otherOrder },
    },
    places: { purchases: found.rows.places, confirmations: rows.places },
    areOdd: { purchases: found.rows.hasOddIds, confirmations: rows.hasOddIds },
  }
}

const roomOf = ({ rows, idBytes }: SpilledRows, part: number): Room => ({
  rows: rows[part] as number,
  idBytes: idBytes[part] as number,
})

function load({ file }: SpilledRows, part: number, target: SaleTarget): void {
  const reader = file.read(part)
  const sale = createFoundSale()
  while (reader.next()) {
    readSale(reader, sale)
    target.take(sale)
  }
}

const cellsOf =
  ({ records }: SpilledSide<unknown>, { places }: SaleRows) =>
  (row: number): readonly string[] =>
    records.cells(places[row] as number)
