import { isPlainText, NOT_PLAIN, plainIncome, plainInstant } from './common-shapes.ts'
import { cellStart, cellStop, hasInnerQuote, type RecordPlace } from './record.ts'
import { type InspectSettings, isUtc } from './settings.ts'

/** Where stands what purchases and confirmations both have. */
export type SaleColumns = {
  readonly player: number
  readonly time: number
  readonly amount: number
  readonly receipt: number
}

/** Reads sales whose cells are all of plain shapes: nothing can make them anything but candidates. */
export type PlainSales = {
  /** Microseconds, or {@link NOT_PLAIN} when the time, or player or receipt, is not plain. */
  instant(record: RecordPlace, bytes: Buffer): number
  /** Micros, or {@link NOT_PLAIN} when the amount is no plain income. */
  income(record: RecordPlace, bytes: Buffer): number
}

export function plainSales(at: SaleColumns, { zone, badReceipt }: InspectSettings): PlainSales {
  const zoneless = isUtc(zone)
  const { time, amount, player, receipt } = at
  const hasGoodIds = (record: RecordPlace, bytes: Buffer): boolean =>
    isPlainPlayer(record, bytes, player) &&
    isPlainId(record, bytes, receipt) &&
    (badReceipt === null || !badReceipt.test(textOf(record, bytes, receipt)))
  return {
    instant: (record, bytes) =>
      hasGoodIds(record, bytes)
        ? plainInstant(
            bytes,
            cellStart(record, bytes, time),
            cellStop(record, bytes, time),
            zoneless,
          )
        : NOT_PLAIN,
    income: (record, bytes) =>
      plainIncome(bytes, cellStart(record, bytes, amount), cellStop(record, bytes, amount)),
  }
}

/** An id that is there and needs no cleaning. */
export function isPlainPlayer(record: RecordPlace, bytes: Buffer, cell: number): boolean {
  return (
    cellStart(record, bytes, cell) < cellStop(record, bytes, cell) && isPlainId(record, bytes, cell)
  )
}

/** An id that needs no cleaning, or none. */
export function isPlainId(record: RecordPlace, bytes: Buffer, cell: number): boolean {
  const start = cellStart(record, bytes, cell)
  const stop = cellStop(record, bytes, cell)
  return isPlainText(bytes, start, stop) && !hasInnerQuote(record, bytes, cell)
}

const textOf = (record: RecordPlace, bytes: Buffer, cell: number): string =>
  bytes.toString('utf8', cellStart(record, bytes, cell), cellStop(record, bytes, cell))
