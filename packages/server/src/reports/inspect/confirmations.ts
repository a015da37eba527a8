import type { Fates } from './fates.ts'
import { cleanIds, createFoundSale, findIds, type SaleTarget } from './found-sale.ts'
import { plainSales, type SaleColumns } from './plain-sales.ts'
import { type Inspector, readRow } from './record.ts'
import { createSaleBook, type Sale } from './sale-book.ts'
import { createSaleRows, roomFor, type SaleRows } from './sale-rows.ts'
import { type InspectSettings, LONG_PLACES } from './settings.ts'

export type ConfirmationFindings = Fates & { readonly rows: SaleRows }
export type ConfirmationColumns = SaleColumns

/** Decides the fate of each confirmation row, duplicates aside, and keeps the rows in memory. */
export function inspectConfirmations(
  at: ConfirmationColumns,
  settings: InspectSettings,
): Inspector<ConfirmationFindings> {
  const { fileBytes } = settings
  const rows = createSaleRows(roomFor(fileBytes), fileBytes >= LONG_PLACES)
  const { record, finish } = judgeConfirmations(at, settings, rows)
  return { record, finish: () => ({ ...finish(), rows: rows.rows() }) }
}

/** The same, for whoever takes the rows. */
export function judgeConfirmations(
  at: ConfirmationColumns,
  settings: InspectSettings,
  target: SaleTarget,
): Inspector<Fates> {
  const plain = plainSales(at, settings)
  const found = createFoundSale()
  const book = createSaleBook<Sale>(settings, (sale, instant, micros, { place }) => {
    cleanIds(found, sale)
    Object.assign(found, { instant, micros, place })
    target.take(found)
  })
  return {
    record(record, bytes, base) {
      book.record()
      const instant = plain.instant(record, bytes)
      const micros = plain.income(record, bytes)
      if (instant >= 0 && micros > 0) {
        findIds(found, at, record, bytes)
        found.instant = instant
        found.micros = micros
        found.place = base + record.start
        target.take(found)
        return
      }
      const row = readRow(record, bytes, base, settings.delimiter)
      const cell = (index: number): string => row.cells[index] ?? ''
      const sale = {
        player: cell(at.player),
        time: cell(at.time),
        amount: cell(at.amount),
        receipt: cell(at.receipt),
      }
      book.amounts.witness(sale.amount)
      book.judge(sale, row)
    },
    finish: book.finish,
  }
}
