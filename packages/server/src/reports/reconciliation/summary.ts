import { formatMicrosJson } from '../cells/cells.ts'
import { CHARGEBACK, createSum, MARK, type PurchaseRows } from '../clean/clean.ts'
import { type Matches, RULE, type Sides } from './matches.ts'

/** How many details of each kind there are, and what they come to in micros. */
export type ReconciliationSummary = {
  readonly matched: number
  readonly afOnly: number
  readonly confirmedOnly: number
  readonly byReceipt: number
  readonly byTime: number
  /** Matched, but the store confirmed another amount than was reported. */
  readonly amountMismatch: number
  readonly revenue: {
    readonly matched: bigint
    readonly afOnly: bigint
    readonly confirmedOnly: bigint
  }
}

type SummedSides = Sides & { readonly purchases: PurchaseRows }

/** Sums rows as they come, each once. */
export type Summing = {
  add(sides: SummedSides, matches: Matches): void
  total(): ReconciliationSummary
}

export function summarize(sides: SummedSides, matches: Matches): ReconciliationSummary {
  const summing = createSumming()
  summing.add(sides, matches)
  return summing.total()
}

export function createSumming(): Summing {
  const revenue = { matched: createSum(), afOnly: createSum(), confirmedOnly: createSum() }
  const counts = { afOnly: 0, confirmedOnly: 0, amountMismatch: 0, byReceipt: 0, byTime: 0 }
  const addPurchases = (sides: SummedSides, matches: Matches): void => {
    const { purchases, confirmations, purchaseMarks } = sides
    for (let rank = 0; rank < purchases.count; rank += 1) {
      if ((purchaseMarks[rank] as number) & MARK.duplicate) continue
      const micros = purchases.micros[rank] as number
      const partner = matches.confirmations[rank] as number
      const isCharged = purchases.chargebacks[rank] !== CHARGEBACK.none
      const total = partner < 0 ? revenue.afOnly : revenue.matched
      if (!isCharged) total.add(micros)
      if (partner < 0) counts.afOnly += 1
      else if (confirmations.micros[partner] !== micros) counts.amountMismatch += 1
      if (matches.rules[rank] === RULE.receipt) counts.byReceipt += 1
      if (matches.rules[rank] === RULE.time) counts.byTime += 1
    }
  }
  const addConfirmed = ({ confirmations, confirmationMarks }: SummedSides, matches: Matches) => {
    for (let rank = 0; rank < confirmations.count; rank += 1) {
      if ((confirmationMarks[rank] as number) & MARK.duplicate || matches.taken[rank] !== 0)
        continue
      counts.confirmedOnly += 1
      revenue.confirmedOnly.add(confirmations.micros[rank] as number)
    }
  }
  return {
    add(sides, matches) {
      addPurchases(sides, matches)
      addConfirmed(sides, matches)
    },
    total: () => ({
      ...counts,
      matched: counts.byReceipt + counts.byTime,
      revenue: {
        matched: revenue.matched.total(),
        afOnly: revenue.afOnly.total(),
        confirmedOnly: revenue.confirmedOnly.total(),
      },
    }),
  }
}

/** The summary as `reconciliation.json` has it. */
export function summaryJson({ revenue, ...counts }: ReconciliationSummary): string {
  const usd = [
    `"matched":${formatMicrosJson(revenue.matched)}`,
    `"af_only":${formatMicrosJson(revenue.afOnly)}`,
    `"confirmed_only":${formatMicrosJson(revenue.confirmedOnly)}`,
  ]
  return (
    `{"matched":${counts.matched},"af_only":${counts.afOnly},` +
    `"confirmed_only":${counts.confirmedOnly},"matched_by_receipt":${counts.byReceipt},` +
    `"matched_by_time":${counts.byTime},"amount_mismatch":${counts.amountMismatch},` +
    `"revenue_usd":{${usd.join(',')}}}`
  )
}
