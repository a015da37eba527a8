import type { Fates } from './fates.ts'
import { plainSales, type SaleColumns } from './plain-sales.ts'
import { type Inspector, readRow } from './record.ts'
import { createSaleBook, type Sale } from './sale-book.ts'
import { createSaleRows, type SaleRows } from './sale-rows.ts'
import type { InspectSettings } from './settings.ts'

export type ConfirmationFindings = Fates & { readonly rows: SaleRows }
export type ConfirmationColumns = SaleColumns

/** Decides the fate of each confirmation row, duplicates aside. */
export function inspectConfirmations(
  at: ConfirmationColumns,
  settings: InspectSettings,
): Inspector<ConfirmationFindings> {
  const plain = plainSales(at, settings)
  const rows = createSaleRows(at, settings.fileBytes)
  const book = createSaleBook<Sale>(settings, (sale, instant, micros, row) =>
    rows.addTexts(sale, instant, micros, row.place),
  )
  return {
    record(record, bytes, base) {
      book.record()
      const instant = plain.instant(record, bytes)
      const micros = plain.income(record, bytes)
      if (instant >= 0 && micros > 0) {
        rows.add(record, bytes, base, instant, micros)
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
    finish: () => ({ ...book.finish(), rows: rows.rows() }),
  }
}
