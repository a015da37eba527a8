import { plainSales, type SaleColumns } from './plain-sales.ts'
import { type Inspector, readRow } from './record.ts'
import { createSaleBook, type SaleFindings } from './sale-book.ts'
import type { InspectSettings } from './settings.ts'

export type ConfirmationFindings = SaleFindings
export type ConfirmationColumns = SaleColumns

/** Decides the fate of each confirmation row, duplicates aside. */
export function inspectConfirmations(
  at: ConfirmationColumns,
  settings: InspectSettings,
): Inspector<ConfirmationFindings> {
  const isPlain = plainSales(at, settings)
  const book = createSaleBook(settings, () => undefined)
  return {
    record(record, bytes) {
      book.record()
      if (isPlain(record, bytes)) {
        book.addPlain()
        return
      }
      const row = readRow(record, bytes, settings.delimiter)
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
