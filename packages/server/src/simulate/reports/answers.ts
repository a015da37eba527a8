import type { Account } from './account.ts'
import type { Campaigns } from './campaigns.ts'
import type { Costs } from './costs.ts'
import type { CampaignTruth } from './truth.ts'

const HISTORY_DAYS = 7
const DAYS_MIN = 3

/**
 * What the reports must say of each campaign on `lastDay` (a number of the files' days). Ratios are
 * compared as exact fractions; the files stay below 2⁵³ micros.
 */
export function campaignsOn(
  lastDay: number,
  { campaigns, account, costs }: { campaigns: Campaigns; account: Account; costs: Costs },
): CampaignTruth[] {
  return campaigns.all
    .map(({ key }, index) => {
      const revenueMicros = account.revenue(lastDay, index)
      const costMicros = costs.cost(lastDay, index) ?? null
      const past = Array.from({ length: Math.min(HISTORY_DAYS, lastDay) }, (_, back) => ({
        revenue: account.revenue(lastDay - 1 - back, index),
        cost: costs.cost(lastDay - 1 - back, index) ?? 0,
      })).filter(({ cost }) => cost > 0)
      const severity = severityOf(revenueMicros, costMicros ?? 0, past)
      const days = past.length
      const isThere = account.sales(lastDay, index) > 0 || costMicros !== null
      return { isThere, campaign: key, revenueMicros, costMicros, days, severity }
    })
    .filter(({ isThere }) => isThere)
    .map(({ isThere: _, ...truth }) => ({ ...truth, anomaly: truth.severity !== null }))
    .sort((a, b) => Buffer.compare(Buffer.from(a.campaign), Buffer.from(b.campaign)))
}

function severityOf(
  revenue: number,
  cost: number,
  past: readonly { readonly revenue: number; readonly cost: number }[],
): CampaignTruth['severity'] {
  if (cost <= 0 || past.length < DAYS_MIN) return null
  if (revenue === 0) return 'critical'
  // The mean of the ratios as one fraction: Σ rᵢ/cᵢ over the product of all costs.
  const product = past.reduce((all, { cost: one }) => all * BigInt(one), 1n)
  const sum = past.reduce(
    (all, one) => all + (BigInt(one.revenue) * product) / BigInt(one.cost),
    0n,
  )
  const isBelow = (times: bigint): boolean =>
    times * BigInt(revenue) * product * BigInt(past.length) < sum * BigInt(cost)
  if (isBelow(4n)) return 'critical'
  return isBelow(2n) ? 'warning' : null
}
