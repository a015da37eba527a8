import { describe, expect, it } from 'vitest'
import type { DailyRevenue } from './daily-revenue.ts'
import { roasByDay, roasLine } from './roas.ts'

/** 2026-03-10, in days since 1970. */
const DAY = 20_522

const usd = (dollars: number): bigint => BigInt(Math.round(dollars * 1e6))
const sold = (campaign: string, dollars: number, changes: Partial<DailyRevenue> = {}) => ({
  ...{ day: DAY, campaign, revenue: usd(dollars), chargebacks: 0, chargedBack: 0n, ...changes },
})
const spent = (campaign: string, dollars: number, day = DAY) => ({
  ...{ day, campaign, micros: usd(dollars) },
})
const lines = (...parts: Parameters<typeof roasByDay>) =>
  (roasByDay(...parts).get(DAY) ?? []).map(roasLine)
const campaigns = (...parts: Parameters<typeof roasByDay>) =>
  (roasByDay(...parts).get(DAY) ?? []).map(({ campaign }) => campaign)

describe('ROAS of a day', () => {
  it('has a row for each campaign that sold or cost something: revenue ÷ cost', () => {
    const revenues = [sold('SPRING', 10), sold('(NONE)', 3.5)]
    expect(lines(revenues, [spent('SUMMER', 5), spent('SPRING', 4)])).toEqual([
      '{"date":"2026-03-10","campaign":"(NONE)","revenue_usd":3.5,"ad_cost_usd":0,"roas":null,"status":"no_cost"}',
      '{"date":"2026-03-10","campaign":"SPRING","revenue_usd":10,"ad_cost_usd":4,"roas":2.5,"status":"ok"}',
      '{"date":"2026-03-10","campaign":"SUMMER","revenue_usd":0,"ad_cost_usd":5,"roas":0,"status":"no_revenue"}',
    ])
  })

  it.each([
    ['credits beyond the cost', -2, -2],
    ['a cost and a credit of the same amount', 0, 0],
  ])('is null without cost: %s', (_name, cost, printed) =>
    expect(lines([sold('A', 7)], [spent('A', cost)])).toEqual([
      `{"date":"2026-03-10","campaign":"A","revenue_usd":7,"ad_cost_usd":${printed},"roas":null,"status":"no_cost"}`,
    ]),
  )

  it('is without cost first, where it is without revenue too', () =>
    expect(lines([sold('A', 0)], [spent('A', -1)])[0]).toContain('"roas":null,"status":"no_cost"'))

  it('is without revenue where all of it was charged back', () => {
    const [row] = roasByDay(
      [sold('A', 0, { chargebacks: 2, chargedBack: usd(9.98) })],
      [spent('A', 1)],
    ).get(DAY) ?? [undefined]
    expect(row).toMatchObject({ status: 'no_revenue', chargebacks: 2, chargedBack: 9_980_000n })
  })

  it('is rounded to ten decimals in print', () =>
    expect(lines([sold('A', 2)], [spent('A', 3)])[0]).toContain('"roas":0.6666666667,'))

  it('is sorted by code point, not by the halves of which JavaScript makes some letters', () => {
    const names = ['😀', '\ufb01', 'É', 'a', 'B', '(NONE)']
    const sorted = ['(NONE)', 'B', 'a', 'É', '\ufb01', '😀']
    expect(
      campaigns(
        names.map((name) => sold(name, 1)),
        [],
      ),
    ).toEqual(sorted)
    expect(
      campaigns(
        [],
        names.map((name) => spent(name, 1)),
      ),
    ).toEqual(sorted)
  })

  it('joins no revenue to the cost of another day', () => {
    const days = roasByDay([sold('A', 1)], [spent('A', 1, DAY - 1), spent('A', 2, DAY + 1)])
    expect([...days].map(([day, rows]) => [day, rows.map(({ cost }) => cost)]).sort()).toEqual([
      [DAY - 1, [1_000_000n]],
      [DAY, [0n]],
      [DAY + 1, [2_000_000n]],
    ])
  })

  it('has no rows on a day without purchases and costs', () =>
    expect(lines([sold('A', 1, { day: DAY - 1 })], [])).toEqual([]))
})
