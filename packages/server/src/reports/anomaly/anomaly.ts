// Anomaly: a campaign whose ROAS of D-1 is less than half of its mean over the seven days before.
import { formatDay, formatRatio } from '../cells/cells.ts'
import { type Roas, roasText } from '../roas/roas.ts'
import { type Fraction, isLess, meanOf, times } from './fractions.ts'
import { suggestion } from './suggestion.ts'

export { type Fraction, meanOf } from './fractions.ts'

export type AnomalyReason =
  | 'ok'
  | 'no_cost'
  | 'insufficient_history'
  | 'no_revenue'
  | 'roas_below_half_of_average'

/** What is said of one campaign that has a ROAS row on D-1. */
export type Anomaly = {
  readonly roas: Roas
  /** The mean of the daily ratios; null without a day that had a cost. */
  readonly average: Fraction | null
  /** How many of the seven days before D-1 had a cost. */
  readonly days: number
  readonly severity: 'critical' | 'warning' | null
  readonly reason: AnomalyReason
  readonly suggestion: string | null
}

/** Calendar days before D-1 that are looked at. */
export const HISTORY_DAYS = 7
/** With fewer days that had a cost, a mean says nothing. */
const DAYS_MIN = 3

/** One answer for each row of D-1, in its order. Ratios are compared exactly. */
export function findAnomalies(
  day: number,
  byDay: ReadonlyMap<number, readonly Roas[]>,
): readonly Anomaly[] {
  const before = new Map<string, Roas[]>()
  for (let back = HISTORY_DAYS; back > 0; back -= 1) {
    for (const row of byDay.get(day - back) ?? []) {
      if (row.status !== 'no_cost')
        before.set(row.campaign, [...(before.get(row.campaign) ?? []), row])
    }
  }
  return (byDay.get(day) ?? []).map((roas) => judge(roas, before.get(roas.campaign) ?? []))
}

function judge(roas: Roas, history: readonly Roas[]): Anomaly {
  const average = meanOf(history.map(({ revenue, cost }) => [revenue, cost] as const))
  const row = { roas, average, days: history.length, severity: null, suggestion: null }
  if (roas.status === 'no_cost') return { ...row, reason: 'no_cost' }
  if (average === null || history.length < DAYS_MIN) {
    return { ...row, reason: 'insufficient_history' }
  }
  const own: Fraction = [roas.revenue, roas.cost]
  const isWithoutRevenue = roas.revenue === 0n
  if (!isWithoutRevenue && !isLess(times(own, 2n), average)) return { ...row, reason: 'ok' }
  const isCritical = isWithoutRevenue || isLess(times(own, 4n), average)
  return {
    ...row,
    severity: isCritical ? 'critical' : 'warning',
    reason: isWithoutRevenue ? 'no_revenue' : 'roas_below_half_of_average',
    suggestion: suggestion(roas, history),
  }
}

/** One line of `roas_anomaly.json`. */
export function anomalyLine({
  roas,
  average,
  days,
  severity,
  reason,
  suggestion,
}: Anomaly): string {
  const mean = average === null ? 'null' : formatRatio(...average)
  return (
    `{"date":"${formatDay(roas.day)}","campaign":${JSON.stringify(roas.campaign)},` +
    `"roas_d1":${roasText(roas)},"avg7":${mean},"days":${days},"anomaly":${severity !== null},` +
    `"severity":${JSON.stringify(severity)},"reason":"${reason}",` +
    `"suggestion":${JSON.stringify(suggestion)}}`
  )
}
