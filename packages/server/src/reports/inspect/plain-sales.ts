import { isPlainIncome, isPlainText, isPlainTime } from './common-shapes.ts'
import { cellStart, cellStop, hasInnerQuote, type RecordPlace } from './record.ts'
import { type InspectSettings, isUtc } from './settings.ts'

/** Where stands what purchases and confirmations both have. */
export type SaleColumns = {
  readonly player: number
  readonly time: number
  readonly amount: number
  readonly receipt: number
}

export type IsPlain = (record: RecordPlace, bytes: Buffer) => boolean

/**
 * Tells the records with a player, a time, an income and a receipt of plain shapes, or none: nothing
 * of these can make them anything but kept or a duplicate.
 */
export function plainSales(at: SaleColumns, { zone, badReceipt }: InspectSettings): IsPlain {
  const zoneless = isUtc(zone)
  const { time, amount } = at
  const hasGoodReceipt: IsPlain =
    badReceipt === null
      ? (record, bytes) => isPlainId(record, bytes, at.receipt)
      : (record, bytes) =>
          isPlainId(record, bytes, at.receipt) &&
          !badReceipt.test(textOf(record, bytes, at.receipt))
  return (record, bytes) =>
    isPlainTime(bytes, cellStart(record, bytes, time), cellStop(record, bytes, time), zoneless) &&
    isPlainIncome(bytes, cellStart(record, bytes, amount), cellStop(record, bytes, amount)) &&
    isPlainPlayer(record, bytes, at.player) &&
    hasGoodReceipt(record, bytes)
}

/** An id that is there and needs no cleaning. */
export function isPlainPlayer(record: RecordPlace, bytes: Buffer, cell: number): boolean {
  return (
    cellStart(record, bytes, cell) < cellStop(record, bytes, cell) && isPlainId(record, bytes, cell)
  )
}

function isPlainId(record: RecordPlace, bytes: Buffer, cell: number): boolean {
  const start = cellStart(record, bytes, cell)
  const stop = cellStop(record, bytes, cell)
  return isPlainText(bytes, start, stop) && !hasInnerQuote(record, bytes, cell)
}

const textOf = (record: RecordPlace, bytes: Buffer, cell: number): string =>
  bytes.toString('utf8', cellStart(record, bytes, cell), cellStop(record, bytes, cell))
