// ROAS: what a campaign's purchases of one day came to, per dollar that was spent on it that day.
import { formatDay, formatMicrosJson, formatRatio } from '../cells/cells.ts'
import type { CampaignCost } from '../inspect/inspect.ts'
import type { DailyRevenue } from './daily-revenue.ts'

export { type RevenueSumming, sumDailyRevenue } from './daily-revenue.ts'

type RoasStatus = 'ok' | 'no_revenue' | 'no_cost'

/** One campaign on one UTC day; amounts in integer micros. */
export type Roas = {
  readonly day: number
  readonly campaign: string
  readonly revenue: bigint
  readonly cost: bigint
  readonly status: RoasStatus
  readonly chargebacks: number
  readonly chargedBack: bigint
}

/**
 * Every campaign that sold or cost something on a day (a full outer join), by day and then campaign
 * in order of code points. A cost of nothing, or below, has no return on it: `no_cost`.
 */
export function roasByDay(
  revenues: readonly DailyRevenue[],
  costs: readonly CampaignCost[],
): ReadonlyMap<number, readonly Roas[]> {
  const rows = new Map<string, Roas>()
  const keyOf = (day: number, campaign: string): string => `${day} ${campaign}`
  for (const { day, campaign, micros } of costs) {
    const nothing = { revenue: 0n, chargebacks: 0, chargedBack: 0n }
    rows.set(keyOf(day, campaign), withStatus({ day, campaign, cost: micros, ...nothing }))
  }
  for (const revenue of revenues) {
    const key = keyOf(revenue.day, revenue.campaign)
    rows.set(key, withStatus({ ...revenue, cost: rows.get(key)?.cost ?? 0n }))
  }
  // A campaign is in as many rows as there are days: it is compared as bytes once.
  const campaigns = [...new Set([...rows.values()].map(({ campaign }) => campaign))]
  const places = new Map(campaigns.sort(byCodePoint).map((campaign, place) => [campaign, place]))
  const placeOf = ({ campaign }: Roas): number => places.get(campaign) ?? 0
  const sorted = [...rows.values()].sort((a, b) => placeOf(a) - placeOf(b))
  return Map.groupBy(sorted, ({ day }) => day)
}

function withStatus(row: Omit<Roas, 'status'>): Roas {
  if (row.cost <= 0n) return { ...row, status: 'no_cost' }
  return { ...row, status: row.revenue === 0n ? 'no_revenue' : 'ok' }
}

export const byCodePoint = (a: string, b: string): number =>
  Buffer.compare(Buffer.from(a), Buffer.from(b))

/** Revenue ÷ cost as a JSON number, null without cost. */
export const roasText = ({ revenue, cost, status }: Roas): string =>
  status === 'no_cost' ? 'null' : formatRatio(revenue, cost)

/** One line of `roas_d1.json`. */
export const roasLine = (row: Roas): string =>
  `{"date":"${formatDay(row.day)}","campaign":${JSON.stringify(row.campaign)},` +
  `"revenue_usd":${formatMicrosJson(row.revenue)},"ad_cost_usd":${formatMicrosJson(row.cost)},` +
  `"roas":${roasText(row)},"status":"${row.status}"}`
