import { present } from '../cells/cells.ts'
import { cellStart, cellStop, type RecordPlace } from './record.ts'
import type { Sale } from './sale-book.ts'

/**
 * A row that may be kept, as it is handed over; used again for the next, so that a row makes no garbage.
 * Whoever takes it keeps nothing of it but what it says.
 */
export type FoundSale = {
  /** Where the ids lie, clean; they may be read only until the next row comes. */
  ids: Uint8Array
  playerFrom: number
  playerTo: number
  /** Empty for none. */
  receiptFrom: number
  receiptTo: number
  /** Microseconds. */
  instant: number
  micros: number
  /** Where the record starts in the file, in bytes. */
  place: number
  /** Of a purchase, its number among the kinds. */
  kind: number
  /** Player or receipt is not the very text that was read. */
  isOdd: boolean
}

/** Takes the rows of a file that may be kept. */
export type SaleTarget = { take(sale: FoundSale): void }

export const createFoundSale = (): FoundSale => ({
  ...{ ids: new Uint8Array(0), playerFrom: 0, playerTo: 0, receiptFrom: 0, receiptTo: 0 },
  ...{ instant: 0, micros: 0, place: 0, kind: 0, isOdd: false },
})

/** Where the ids stand in a record. */
export type IdColumns = { readonly player: number; readonly receipt: number }

/** A row whose ids are the bytes of their cells. */
export function findIds(sale: FoundSale, at: IdColumns, record: RecordPlace, bytes: Buffer): void {
  sale.ids = bytes
  sale.playerFrom = cellStart(record, bytes, at.player)
  sale.playerTo = cellStop(record, bytes, at.player)
  sale.receiptFrom = cellStart(record, bytes, at.receipt)
  sale.receiptTo = cellStop(record, bytes, at.receipt)
  sale.isOdd = false
}

/** A row that was read as text; its ids are cleaned here. */
export function cleanIds(sale: FoundSale, read: Pick<Sale, 'player' | 'receipt'>): void {
  const [player, receipt] = [present(read.player), present(read.receipt)]
  sale.ids = Buffer.from(player + receipt)
  sale.playerFrom = 0
  sale.playerTo = Buffer.byteLength(player)
  sale.receiptFrom = sale.playerTo
  sale.receiptTo = sale.ids.length
  sale.isOdd = receipt !== read.receipt || player !== read.player
}
