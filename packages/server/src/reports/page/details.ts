import { HISTORY_DAYS } from '../anomaly/anomaly.ts'
import { CHARGEBACK, createSum, MARK, type RowTexts } from '../clean/clean.ts'
import { type Reconciliation, RULE } from '../reconciliation/reconciliation.ts'
import { hasText, textOf } from '../texts/texts.ts'
import { createLargest } from './largest.ts'

/** Purchases and confirmations of one kind; sums in micros. */
export type Bulk = {
  readonly rows: number
  /** What was reported and still counts: nothing after a chargeback. */
  readonly revenue: bigint
  /** As reported, chargebacks included. */
  readonly original: bigint
  readonly confirmed: bigint
}

/** One row of the lists of the worst; what a side does not know is null. Micros. */
export type Detail = {
  readonly instant: bigint
  readonly player: string
  readonly receipt: string | null
  readonly reported: bigint | null
  readonly confirmed: bigint | null
}

export type Details = {
  readonly byReceipt: Bulk
  readonly byTime: Bulk
  readonly amountMismatch: Bulk
  /** Purchases of a day (since 1970) and how many of them are matched; D-1 and the days before. */
  readonly days: ReadonlyMap<number, MatchedOfDay>
  readonly worstMismatches: readonly Detail[]
  readonly largestAfOnly: readonly Detail[]
  readonly largestConfirmedOnly: readonly Detail[]
}

type Reconciled = Pick<Reconciliation, 'sides' | 'texts' | 'matches'>

type MatchedOfDay = { readonly purchases: number; readonly matched: number }

export const WORST_MAX = 20

const DAY_MICROS = 86_400_000_000

/** Looks at rows as they come, each side in row order. */
export type DetailsReading = {
  /** What is shown of these rows is copied: they may be gone afterwards. */
  add(reconciliation: Reconciled): void
  details(): Details
}

/**
 * What the page says of single purchases and confirmations.
 * A tie goes by row order, which no order of the input changes.
 */
export function readDetails(d1: number): DetailsReading {
  const bulks = { byReceipt: createBulk(), byTime: createBulk(), amountMismatch: createBulk() }
  const days = new Map<number, { purchases: number; matched: number }>()
  const mismatches = createLargest<Detail>(WORST_MAX)
  const afOnly = createLargest<Detail>(WORST_MAX)
  const confirmedOnly = createLargest<Detail>(WORST_MAX)
  const addPurchases = (reconciliation: Reconciled): void => {
    const {
      sides: { purchases, confirmations, purchaseMarks },
      matches,
    } = reconciliation
    const shown = (rank: number): Detail => purchaseDetail(reconciliation, rank)
    for (let rank = 0; rank < purchases.count; rank += 1) {
      if ((purchaseMarks[rank] as number) & MARK.duplicate) continue
      const micros = purchases.micros[rank] as number
      const partner = matches.confirmations[rank] as number
      const isCharged = purchases.chargebacks[rank] !== CHARGEBACK.none
      const day = Math.floor((purchases.instants[rank] as number) / DAY_MICROS)
      if (day >= d1 - HISTORY_DAYS && day <= d1) {
        const ofDay = days.get(day) ?? { purchases: 0, matched: 0 }
        ofDay.purchases += 1
        if (partner >= 0) ofDay.matched += 1
        days.set(day, ofDay)
      }
      if (partner < 0) {
        if (!isCharged) afOnly.offer(micros, rank)
        continue
      }
      const confirmed = confirmations.micros[partner] as number
      const bulk = matches.rules[rank] === RULE.receipt ? bulks.byReceipt : bulks.byTime
      bulk.add(micros, confirmed, isCharged)
      if (micros === confirmed) continue
      bulks.amountMismatch.add(micros, confirmed, isCharged)
      mismatches.offer(Math.abs(confirmed - micros), rank)
    }
    mismatches.keep(shown)
    afOnly.keep(shown)
  }
  const addConfirmed = (reconciliation: Reconciled): void => {
    const {
      sides: { confirmations, confirmationMarks },
      matches,
    } = reconciliation
    for (let rank = 0; rank < confirmations.count; rank += 1) {
      if ((confirmationMarks[rank] as number) & MARK.duplicate || matches.taken[rank] !== 0)
        continue
      confirmedOnly.offer(confirmations.micros[rank] as number, rank)
    }
    confirmedOnly.keep((rank) => confirmationDetail(reconciliation, rank))
  }
  return {
    add(reconciliation) {
      addPurchases(reconciliation)
      addConfirmed(reconciliation)
    },
    details: () => ({
      byReceipt: bulks.byReceipt.total(),
      byTime: bulks.byTime.total(),
      amountMismatch: bulks.amountMismatch.total(),
      days,
      worstMismatches: mismatches.kept(),
      largestAfOnly: afOnly.kept(),
      largestConfirmedOnly: confirmedOnly.kept(),
    }),
  }
}

function purchaseDetail(
  { sides: { purchases, confirmations }, texts, matches }: Reconciled,
  rank: number,
): Detail {
  const partner = matches.confirmations[rank] as number
  const receipt = receiptOf(texts.purchases, rank)
  return {
    instant: exact(purchases.instants[rank]),
    player: textOf(texts.purchases.players, purchases.players[rank] as number),
    // As in the list of details: a purchase without receipt shows that of its confirmation.
    receipt: receipt ?? (partner < 0 ? null : receiptOf(texts.confirmations, partner)),
    reported: exact(purchases.micros[rank]),
    confirmed: partner < 0 ? null : exact(confirmations.micros[partner]),
  }
}

function confirmationDetail({ sides: { confirmations }, texts }: Reconciled, rank: number): Detail {
  return {
    instant: exact(confirmations.instants[rank]),
    player: textOf(texts.confirmations.players, confirmations.players[rank] as number),
    receipt: receiptOf(texts.confirmations, rank),
    reported: null,
    confirmed: exact(confirmations.micros[rank]),
  }
}

const exact = (micros: number | undefined): bigint => BigInt(micros as number)

function receiptOf({ receipts, order }: RowTexts, rank: number): string | null {
  const row = order[rank] as number
  return hasText(receipts, row) ? textOf(receipts, row) : null
}

function createBulk() {
  const [revenue, original, confirmed] = [createSum(), createSum(), createSum()]
  let rows = 0
  return {
    add(micros: number, confirmedMicros: number, isCharged: boolean): void {
      rows += 1
      if (!isCharged) revenue.add(micros)
      original.add(micros)
      confirmed.add(confirmedMicros)
    },
    total: (): Bulk => ({
      rows,
      revenue: revenue.total(),
      original: original.total(),
      confirmed: confirmed.total(),
    }),
  }
}
