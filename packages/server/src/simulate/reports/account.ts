import type { Campaigns } from './campaigns.ts'
import type { Planted } from './planted.ts'
import type { Story } from './stories.ts'
import { createFileTally, type FileTally } from './tally.ts'
import type { ReconciliationTruth, Truth } from './truth.ts'

const DAY_S = 86_400
const WINDOW_S = 600

/** The generator's own books: what the purchases and confirmations that it writes must come to. */
export type Account = {
  readonly purchases: FileTally
  readonly confirmations: FileTally
  plain(story: Story): void
  planted(planted: Planted): void
  /** Revenue in micros of a day (from the first of the files) and campaign, after chargebacks. */
  revenue(day: number, campaign: number): number
  curated(): Truth['curated']
  reconciliation(): ReconciliationTruth
  /** Kept purchases of that day and campaign, charged back or not. */
  sales(day: number, campaign: number): number
}

export function createAccount(
  settings: { readonly firstDay_s: number; readonly days: number },
  campaigns: Campaigns,
): Account {
  const [purchases, confirmations] = [createFileTally(), createFileTally()]
  const width = campaigns.all.length
  const revenue = new Float64Array(settings.days * width)
  const sales = new Float64Array(settings.days * width)
  const curated = { rows: 0, originalRevenueMicros: 0, revenueMicros: 0, chargedBack: 0 }
  const pairs = { receipt: 0, time: 0, amountMismatch: 0, receiptMismatch: 0, outsideWindow: 0 }
  const kept = { purchases: 0, confirmations: 0 }

  const keep = (at: number, campaign: number, micros: number, chargedBack: boolean): void => {
    const day = Math.floor((at - settings.firstDay_s) / DAY_S)
    const cell = day * width + campaign
    const counted = chargedBack ? 0 : micros
    revenue[cell] = (revenue[cell] ?? 0) + counted
    sales[cell] = (sales[cell] ?? 0) + 1
    kept.purchases += 1
    curated.rows += 1
    curated.originalRevenueMicros += micros
    curated.revenueMicros += counted
    curated.chargedBack += chargedBack ? 1 : 0
  }

  return {
    ...{ purchases, confirmations },
    plain(story) {
      purchases.add('kept')
      keep(story.at, story.campaign, story.micros, false)
      if (story.confirmation === 'none') return
      confirmations.add('kept')
      kept.confirmations += 1
      if (story.confirmation === 'own') meet(pairs, story)
    },
    planted(planted) {
      for (const { fate, at, campaign, micros, chargedBack } of planted.purchases) {
        purchases.add(fate)
        if (fate === 'kept') keep(at, campaign, micros, chargedBack === true)
      }
      for (const { fate } of planted.confirmations) {
        confirmations.add(fate)
        if (fate === 'kept') kept.confirmations += 1
      }
      pairs.receipt += planted.byReceipt ?? 0
      pairs.time += planted.byTime ?? 0
      pairs.amountMismatch += planted.amountMismatch ?? 0
      pairs.receiptMismatch += planted.receiptMismatch ?? 0
      pairs.outsideWindow += planted.outsideWindow ?? 0
    },
    revenue: (day, campaign) => revenue[day * width + campaign] ?? 0,
    curated: () => ({ ...curated }),
    reconciliation: () => ({
      ...{ matchedByReceipt: pairs.receipt, matchedByTime: pairs.time },
      afOnly: kept.purchases - pairs.receipt - pairs.time,
      confirmedOnly: kept.confirmations - pairs.receipt - pairs.time,
      ...{ amountMismatch: pairs.amountMismatch, receiptMismatch: pairs.receiptMismatch },
      outsideWindow: pairs.outsideWindow,
    }),
    sales: (day, campaign) => sales[day * width + campaign] ?? 0,
  }
}

type Pairs = { receipt: number; time: number; amountMismatch: number; outsideWindow: number }

/** Whether a purchase and its own confirmation match: nothing else of that player is near. */
function meet(pairs: Pairs, story: Story): void {
  const isNear = Math.abs(story.confirmedAt - story.at) <= WINDOW_S
  const byReceipt = story.hasReceipt && story.confirmedReceipt
  if (!byReceipt && !isNear) return
  if (byReceipt) pairs.receipt += 1
  else pairs.time += 1
  if (byReceipt && !isNear) pairs.outsideWindow += 1
  if (story.confirmedMicros !== story.micros) pairs.amountMismatch += 1
}
