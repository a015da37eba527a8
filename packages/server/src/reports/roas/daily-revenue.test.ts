import { expect, it } from 'vitest'
import { rowsOf } from '../../../../../tests/reports/row-builders.ts'
import { type DailyRevenue, sumDailyRevenue } from './daily-revenue.ts'

const KEYS = ['SPRING', 'SUMMER']
const DAY_MICROS = 86_400_000_000

type Cells = {
  instant: number
  micros?: number
  campaign?: string
  chargeback?: 0 | 1 | 2
  mark?: number
}

/** The revenue of the days 10 to 12 of these rows. */
function revenueOf(rows: readonly Cells[]): readonly DailyRevenue[] {
  const purchases = {
    ...rowsOf(
      rows.map(({ campaign = 'SPRING', chargeback = 0 }) => ({
        ...{ campaign: KEYS.indexOf(campaign), chargeback },
      })),
    ),
    instants: Float64Array.from(rows, ({ instant }) => instant),
    micros: Float64Array.from(rows, ({ micros = 4_990_000 }) => micros),
  }
  const marks = Uint8Array.from(rows, ({ mark = 0 }) => mark)
  const summing = sumDailyRevenue(KEYS, 10, 12)
  summing.add(purchases, marks)
  return summing.total().toSorted((a, b) => a.day - b.day || (a.campaign < b.campaign ? -1 : 1))
}

it('revenue is summed per UTC day and campaign', () => {
  const instant = 10 * DAY_MICROS
  const rows = [
    { instant },
    { instant: instant + 5, campaign: 'SUMMER', micros: 1 },
    { instant: instant + 9, micros: 10_000 },
  ]
  expect(revenueOf(rows)).toEqual([
    { day: 10, campaign: 'SPRING', revenue: 5_000_000n, chargebacks: 0, chargedBack: 0n },
    { day: 10, campaign: 'SUMMER', revenue: 1n, chargebacks: 0, chargedBack: 0n },
  ])
})

it('days are those asked for, from the first microsecond to the last', () => {
  const rows = [10 * DAY_MICROS - 1, 10 * DAY_MICROS, 13 * DAY_MICROS - 1, 13 * DAY_MICROS]
  const found = revenueOf(rows.map((instant) => ({ instant })))
  expect(found.map(({ day, revenue }) => [day, revenue])).toEqual([
    [10, 4_990_000n],
    [12, 4_990_000n],
  ])
})

it('duplicates do not count; what was charged back counts apart', () => {
  const instant = 11 * DAY_MICROS
  const rows: readonly Cells[] = [
    { instant },
    { instant, mark: 1 },
    { instant, chargeback: 1, micros: 2_000_000 },
    { instant, chargeback: 2, micros: 500_000, mark: 4 },
    { instant, chargeback: 1, mark: 5 },
  ]
  expect(revenueOf(rows)).toEqual([
    { day: 11, campaign: 'SPRING', revenue: 4_990_000n, chargebacks: 2, chargedBack: 2_500_000n },
  ])
})

it('a sum beyond 2^53 micros is exact', () => {
  const row = { instant: 10 * DAY_MICROS, micros: 999_999_999_999_999 }
  const [found] = revenueOf(Array.from({ length: 11 }, () => row))
  expect(found?.revenue).toBe(10_999_999_999_999_989n)
})
