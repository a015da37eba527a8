import { byCodePoint } from './cell-text.ts'
import { add, type Fraction, sum } from './decimal.ts'
import type { Cost, Session } from './other-files.ts'
import type { Purchase } from './purchases.ts'
import { suggestionFor } from './suggestion.ts'
import { addDays, type Day } from './time.ts'

export type DayChoice = {
  readonly day: Day
  readonly reason:
    | 'asked'
    | 'yesterday'
    | 'second-newest-day'
    | 'only-day'
    | 'newest-cost-day'
    | 'no-data'
}

/** Rule 6. */
export function chooseDay(
  given: Day | undefined,
  today: Day,
  purchases: readonly Purchase[],
  costs: readonly Cost[],
): DayChoice {
  if (given !== undefined) return { day: given, reason: 'asked' }
  const yesterday = addDays(today, -1)
  const days = [...new Set(purchases.map(({ day }) => day))].filter((day) => day <= today)
  const [newest, second] = days.sort().reverse()
  if (newest === undefined) {
    const newestCost = costs
      .map(({ day }) => day)
      .sort()
      .at(-1)
    if (newestCost === undefined) return { day: yesterday, reason: 'no-data' }
    return { day: newestCost, reason: 'newest-cost-day' }
  }
  if (newest >= yesterday) return { day: yesterday, reason: 'yesterday' }
  if (second === undefined) return { day: newest, reason: 'only-day' }
  return { day: second, reason: 'second-newest-day' }
}

export type RoasRow = {
  readonly date: Day
  readonly campaign: string
  readonly revenueMicros: bigint
  readonly costMicros: bigint
  readonly roas: Fraction | undefined
  readonly status: 'ok' | 'no_revenue' | 'no_cost'
}

/** Rule 5, for one day: every campaign with a kept purchase or a cost on it. */
export function roasOf(
  date: Day,
  purchases: readonly Purchase[],
  costs: readonly Cost[],
): readonly RoasRow[] {
  const purchasesOfDay = purchases.filter(({ day }) => day === date)
  const costsOfDay = costs.filter(({ day }) => day === date)
  const campaigns = new Set([...purchasesOfDay, ...costsOfDay].map((row) => row.campaignKey))
  return [...campaigns].sort(byCodePoint).map((campaign) => {
    const revenueMicros = sum(
      purchasesOfDay
        .filter(({ campaignKey }) => campaignKey === campaign)
        .map(({ curatedMicros }) => curatedMicros),
    )
    const costMicros = sum(
      costsOfDay.filter(({ campaignKey }) => campaignKey === campaign).map(({ micros }) => micros),
    )
    const row = { date, campaign, revenueMicros, costMicros }
    if (costMicros <= 0n) return { ...row, roas: undefined, status: 'no_cost' }
    const roas = { numerator: revenueMicros, denominator: costMicros }
    return { ...row, roas, status: revenueMicros === 0n ? 'no_revenue' : 'ok' }
  })
}

export type AnomalyRow = {
  readonly date: Day
  readonly campaign: string
  readonly roas: Fraction | undefined
  readonly avg7: Fraction | undefined
  readonly days: number
  readonly anomaly: boolean
  readonly severity: 'critical' | 'warning' | undefined
  readonly reason:
    | 'roas_below_half_of_average'
    | 'no_revenue'
    | 'ok'
    | 'no_cost'
    | 'insufficient_history'
  readonly suggestion: string | undefined
}

/** Rule 7, for every campaign with a row of that day. */
export function anomaliesOf(
  date: Day,
  purchases: readonly Purchase[],
  costs: readonly Cost[],
): readonly AnomalyRow[] {
  const week = [1, 2, 3, 4, 5, 6, 7].map((back) => roasOf(addDays(date, -back), purchases, costs))
  return roasOf(date, purchases, costs).map((today) => {
    const { campaign, roas } = today
    const history = week
      .flat()
      .filter((row) => row.campaign === campaign)
      .filter((row) => row.costMicros > 0n)
    const days = history.length
    const avg7 = meanRoas(history)
    const row = { date, campaign, roas, avg7, days, suggestion: undefined, severity: undefined }
    if (roas === undefined) return { ...row, anomaly: false, reason: 'no_cost' }
    if (avg7 === undefined || days < 3) {
      return { ...row, anomaly: false, reason: 'insufficient_history' }
    }
    const isWithoutRevenue = today.revenueMicros === 0n
    const isBelowHalf = isLess({ ...roas, numerator: 2n * roas.numerator }, avg7)
    const isBelowQuarter = isLess({ ...roas, numerator: 4n * roas.numerator }, avg7)
    if (!isBelowHalf && !isWithoutRevenue) return { ...row, anomaly: false, reason: 'ok' }
    const chargedBack = purchases.filter(
      ({ day, campaignKey, flags }) =>
        day === date && campaignKey === campaign && flags.includes('chargeback'),
    )
    return {
      ...row,
      anomaly: true,
      severity: isBelowQuarter || isWithoutRevenue ? 'critical' : 'warning',
      reason: isWithoutRevenue ? 'no_revenue' : 'roas_below_half_of_average',
      suggestion: suggestionFor({
        costMicros: today.costMicros,
        costMicrosOfHistory: sum(history.map(({ costMicros }) => costMicros)),
        revenueMicros: today.revenueMicros,
        revenueMicrosOfHistory: sum(history.map(({ revenueMicros }) => revenueMicros)),
        daysOfHistory: BigInt(days),
        chargebacks: chargedBack.length,
        chargebackMicros: sum(chargedBack.map(({ micros }) => micros)),
      }),
    }
  })
}

function meanRoas(history: readonly RoasRow[]): Fraction | undefined {
  if (history.length === 0) return undefined
  const ratios = history.flatMap(({ roas }) => (roas === undefined ? [] : [roas]))
  const total = ratios.reduce(add)
  return { ...total, denominator: total.denominator * BigInt(history.length) }
}

function isLess(a: Fraction, b: Fraction): boolean {
  return a.numerator * b.denominator < b.numerator * a.denominator
}

export type ArpdauRow = {
  readonly date: Day
  /** A campaign key, or `(ALL)`. */
  readonly campaign: string
  readonly revenueMicros: bigint
  readonly dau: number
  readonly arpdau: Fraction | undefined
}

/** Rule 8. A day without campaigns and without sessions has no row at all, not even `(ALL)`. */
export function arpdauOf(
  date: Day,
  roas: readonly RoasRow[],
  sessions: readonly Session[],
): readonly ArpdauRow[] {
  const users = sessions.filter(({ day }) => day === date).map(({ user }) => user)
  const dau = new Set(users).size
  if (roas.length === 0 && dau === 0) return []
  const all = {
    campaign: '(ALL)',
    revenueMicros: sum(roas.map(({ revenueMicros }) => revenueMicros)),
  }
  return [all, ...roas]
    .sort((a, b) => byCodePoint(a.campaign, b.campaign))
    .map(({ campaign, revenueMicros }) => {
      const perUser = { numerator: revenueMicros, denominator: BigInt(dau) * 1_000_000n }
      return { date, campaign, revenueMicros, dau, arpdau: dau === 0 ? undefined : perUser }
    })
}
