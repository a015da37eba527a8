import { parseInstant, present } from '../cells/cells.ts'
import { createFateBook, type FateBook, type Fates } from './fates.ts'
import { createMoneyColumn, type MoneyColumn } from './money-column.ts'
import type { Row } from './record.ts'
import type { InspectSettings } from './settings.ts'

/** What purchases and confirmations both have, as read. */
export type Sale = {
  readonly player: string
  readonly time: string
  readonly amount: string
  readonly receipt: string
}

export type SaleBook<S extends Sale> = Pick<FateBook, 'record' | 'filter'> & {
  readonly amounts: MoneyColumn
  /** Decides from its player on what becomes of a row. */
  judge(sale: S, row: Row): void
  /** Decides the ambiguous amounts too, now that the whole column was seen. */
  finish(): Fates
}

/** A row that is kept or a duplicate; instant in microseconds, amount in micros. */
type OnCandidate<S> = (sale: S, instant: number, micros: number, row: Row) => void

/** @param onCandidate gets the rows that `judge` or `finish` find to be candidates */
export function createSaleBook<S extends Sale>(
  { zone, badReceipt, onRejected }: InspectSettings,
  onCandidate: OnCandidate<S>,
): SaleBook<S> {
  const { record, filter, reject, fates } = createFateBook(onRejected)
  const amounts = createMoneyColumn()
  const ambiguous: { readonly sale: S; readonly row: Row; readonly instant: bigint }[] = []

  const keep = (sale: S, instant: bigint, micros: bigint, row: Row): void => {
    const receipt = present(sale.receipt)
    const isBad = receipt !== '' && badReceipt?.test(receipt) === true
    if (isBad || micros <= 0n) filter('false-success')
    else onCandidate(sale, Number(instant), Number(micros), row)
  }

  return {
    ...{ record, filter, amounts },
    judge(sale, row) {
      const { instant } = parseInstant(sale.time, zone)
      const amount = amounts.read(sale.amount)
      if (present(sale.player) === '') reject(row, 'empty-appsflyer-id')
      else if (instant === undefined) reject(row, 'unreadable-time')
      else if (amount.micros !== undefined) keep(sale, instant, amount.micros, row)
      else if (amount.reason === 'ambiguous-number') ambiguous.push({ sale, row, instant })
      else reject(row, amount.reason)
    },
    finish() {
      for (const { sale, row, instant } of ambiguous.splice(0)) {
        const amount = amounts.decide(sale.amount)
        if (amount.micros === undefined) reject(row, amount.reason)
        else keep(sale, instant, amount.micros, row)
      }
      return fates()
    },
  }
}
