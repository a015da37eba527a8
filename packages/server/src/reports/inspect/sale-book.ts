import { present } from '../cells/cells.ts'
import { createFateBook, type FateBook, type Fates } from './fates.ts'
import {
  createOddMoney,
  createOddTimes,
  noteOddIds,
  type OddCells,
  type OddIds,
  type OddMoney,
} from './odd-cells.ts'
import type { Row } from './record.ts'
import type { InspectSettings } from './settings.ts'

/** What purchases and confirmations both have, as read. */
export type Sale = {
  readonly player: string
  readonly time: string
  readonly amount: string
  readonly receipt: string
}

/** What the sales of a file hold that the engine cannot tell, or not exactly. */
export type SaleFindings = Fates & {
  readonly times: OddCells
  readonly amounts: OddCells
  /** Of players and receipts. */
  readonly ids: OddIds
  readonly badReceipts: ReadonlySet<string>
  /** Rows that may be kept: whatever is neither filtered nor rejected. */
  readonly candidates: number
}

export type SaleBook<S extends Sale> = Pick<FateBook, 'record' | 'filter'> & {
  readonly amounts: OddMoney
  /** A row that was told to be a candidate from its bytes. */
  addPlain(): void
  /** Decides from its player on what becomes of a row. */
  judge(sale: S, row: Row): void
  /** Decides the ambiguous amounts too, now that the whole column was seen. */
  finish(): SaleFindings
}

/** @param onCandidate gets the rows that `judge` or `finish` find to be candidates */
export function createSaleBook<S extends Sale>(
  { zone, badReceipt, onRejected }: InspectSettings,
  onCandidate: (sale: S) => void,
): SaleBook<S> {
  const { record, filter, reject, fates } = createFateBook(onRejected)
  const times = createOddTimes(zone)
  const amounts = createOddMoney()
  const ambiguous: { readonly sale: S; readonly row: Row }[] = []
  const badReceipts = new Set<string>()
  const ids = new Map<string, string | null>()
  let candidates = 0

  const keep = (sale: S, micros: bigint): void => {
    const receipt = present(sale.receipt)
    const isBad = receipt !== '' && badReceipt?.test(receipt) === true
    if (isBad) badReceipts.add(receipt)
    if (isBad || micros <= 0n) {
      filter('false-success')
    } else {
      candidates += 1
      onCandidate(sale)
    }
  }

  return {
    ...{ record, filter, amounts },
    addPlain() {
      candidates += 1
    },
    judge(sale, row) {
      noteOddIds(ids, [sale.player, sale.receipt])
      const time = times.read(sale.time)
      const amount = amounts.read(sale.amount)
      if (present(sale.player) === '') reject(row, 'empty-appsflyer-id')
      else if (time.instant === undefined) reject(row, time.reason)
      else if (amount.micros !== undefined) keep(sale, amount.micros)
      else if (amount.reason === 'ambiguous-number') ambiguous.push({ sale, row })
      else reject(row, amount.reason)
    },
    finish() {
      for (const { sale, row } of ambiguous.splice(0)) {
        const amount = amounts.decide(sale.amount)
        if (amount.micros === undefined) reject(row, amount.reason)
        else keep(sale, amount.micros)
      }
      const odd = { times: times.known, amounts: amounts.known }
      return { ...fates(), ...odd, ids, badReceipts, candidates }
    },
  }
}
