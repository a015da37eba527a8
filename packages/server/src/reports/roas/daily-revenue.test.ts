import { expect, it } from 'vitest'
import { withLane } from '../../../../../tests/reports/lane.ts'
import { type DailyRevenue, readDailyRevenue } from './daily-revenue.ts'

const KEYS = ['SPRING', 'SUMMER']
const DAY_MICROS = 86_400_000_000

type Cells = {
  instant: number
  micros?: string
  campaign?: string
  chargeback?: number
  mark?: number
}

/** The revenue of the days 10 to 12 when `purchases` holds these rows. */
async function revenueOf(rows: readonly Cells[]): Promise<readonly DailyRevenue[]> {
  let found: readonly DailyRevenue[] = []
  await withLane(async ({ engine }) => {
    const purchases = rows.map(
      ({ instant, micros = '4990000', campaign = 'SPRING', chargeback = 0 }) =>
        `(${instant}, ${micros}, '${campaign}', ${chargeback})`,
    )
    await engine.run(`
      CREATE TYPE campaign_key AS ENUM ('SPRING', 'SUMMER');
      CREATE TABLE purchases
        (instant BIGINT, micros BIGINT, campaign_key campaign_key, chargeback UTINYINT);
      INSERT INTO purchases VALUES ${purchases.join(', ')};
      CREATE TABLE purchase_marks (mark UTINYINT);
      INSERT INTO purchase_marks VALUES ${rows.map(({ mark = 0 }) => `(${mark})`).join(', ')}`)
    found = await readDailyRevenue(engine, KEYS, 10, 12)
  })
  return found.toSorted((a, b) => a.day - b.day || (a.campaign < b.campaign ? -1 : 1))
}

it('revenue is summed per UTC day and campaign', async () => {
  const instant = 10 * DAY_MICROS
  const rows = [
    { instant },
    { instant: instant + 5, campaign: 'SUMMER', micros: '1' },
    { instant: instant + 9, micros: '10000' },
  ]
  expect(await revenueOf(rows)).toEqual([
    { day: 10, campaign: 'SPRING', revenue: 5_000_000n, chargebacks: 0, chargedBack: 0n },
    { day: 10, campaign: 'SUMMER', revenue: 1n, chargebacks: 0, chargedBack: 0n },
  ])
})

it('days are those asked for, from the first microsecond to the last', async () => {
  const rows = [10 * DAY_MICROS - 1, 10 * DAY_MICROS, 13 * DAY_MICROS - 1, 13 * DAY_MICROS]
  const found = await revenueOf(rows.map((instant) => ({ instant })))
  expect(found.map(({ day, revenue }) => [day, revenue])).toEqual([
    [10, 4_990_000n],
    [12, 4_990_000n],
  ])
})

it('duplicates do not count; what was charged back counts apart', async () => {
  const instant = 11 * DAY_MICROS
  const rows = [
    { instant },
    { instant, mark: 1 },
    { instant, chargeback: 1, micros: '2000000' },
    { instant, chargeback: 2, micros: '500000', mark: 4 },
    { instant, chargeback: 1, mark: 5 },
  ]
  expect(await revenueOf(rows)).toEqual([
    { day: 11, campaign: 'SPRING', revenue: 4_990_000n, chargebacks: 2, chargedBack: 2_500_000n },
  ])
})

it('a sum beyond 2^53 micros is exact', async () => {
  const row = { instant: 10 * DAY_MICROS, micros: '999999999999999' }
  const [found] = await revenueOf(Array.from({ length: 11 }, () => row))
  expect(found?.revenue).toBe(10_999_999_999_999_989n)
})
