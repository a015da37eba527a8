import { describe, expect, it } from 'vitest'
import { type Roas, roasByDay } from '../roas/roas.ts'
import { type Anomaly, anomalyLine, findAnomalies } from './anomaly.ts'

/** 2026-03-10, in days since 1970. */
const D1 = 20_522

type Day = { readonly back: number; readonly revenue: number; readonly cost: number }

/** What is said of a campaign with these days; `back` 0 is D-1. Amounts in dollars. */
function judged(...days: readonly Day[]): Anomaly | undefined {
  const micros = (dollars: number): bigint => BigInt(Math.round(dollars * 1e6))
  const at = ({ back }: Day) => ({ day: D1 - back, campaign: 'SPRING' })
  const revenues = days.map((day) => ({
    ...{ ...at(day), revenue: micros(day.revenue), chargebacks: 0, chargedBack: 0n },
  }))
  const costs = days.map((day) => ({ ...at(day), micros: micros(day.cost) }))
  return findAnomalies(D1, roasByDay(revenues, costs))[0]
}
const today = (revenue: number, cost = 1): Day => ({ back: 0, revenue, cost })
const daysBefore = (...revenues: readonly number[]): Day[] =>
  revenues.map((revenue, index) => ({ back: index + 1, revenue, cost: 1 }))
const verdict = (anomaly: Anomaly | undefined) => [anomaly?.severity, anomaly?.reason]

describe('an anomaly', () => {
  it.each<[string, number, Anomaly['severity'], Anomaly['reason']]>([
    ['exactly half of the mean', 2, null, 'ok'],
    ['a hair below half', 1.999999, 'warning', 'roas_below_half_of_average'],
    ['exactly a quarter', 1, 'warning', 'roas_below_half_of_average'],
    ['a hair below a quarter', 0.999999, 'critical', 'roas_below_half_of_average'],
    ['nothing', 0, 'critical', 'no_revenue'],
  ])('of a mean of 4: a ROAS of %s', (_name, revenue, severity, reason) =>
    expect(verdict(judged(today(revenue), ...daysBefore(4, 4, 4)))).toEqual([severity, reason]),
  )

  it('needs three days that had a cost', () => {
    expect(verdict(judged(today(0), ...daysBefore(4, 4)))).toEqual([null, 'insufficient_history'])
    expect(verdict(judged(today(0), ...daysBefore(4, 4, 4)))).toEqual(['critical', 'no_revenue'])
  })

  it('needs a cost on the day itself, before anything else', () =>
    expect(verdict(judged(today(0, 0), ...daysBefore(4, 4, 4)))).toEqual([null, 'no_cost']))

  it('is one without revenue, also where the days before had none either', () =>
    expect(verdict(judged(today(0), ...daysBefore(0, 0, 0)))).toEqual(['critical', 'no_revenue']))

  it('is none of a campaign that sells for the first time', () =>
    expect(verdict(judged(today(0.01), ...daysBefore(0, 0, 0)))).toEqual([null, 'ok']))

  it('is told from exact fractions: in doubles the mean of 0.1, 0.2 and 0.3 is above 0.2', () =>
    expect(verdict(judged(today(0.1), ...daysBefore(0.1, 0.2, 0.3)))).toEqual([null, 'ok']))
})

describe('the mean', () => {
  const line = (...days: readonly Day[]): string => {
    const found = judged(...days)
    return found === undefined ? '' : anomalyLine(found)
  }

  it('is that of the daily ratios, not the ratio of the sums', () => {
    // 10, 1 and 1: mean 4. Of the sums it would be 120 ÷ 102.
    const days = [
      { back: 1, revenue: 10, cost: 1 },
      { back: 2, revenue: 100, cost: 100 },
      { back: 3, revenue: 10, cost: 10 },
    ]
    expect(line(today(4), ...days)).toContain('"roas_d1":4,"avg7":4,"days":3,')
  })

  it('is of the days with a cost among the seven calendar days before: gaps shorten it', () => {
    const days = [
      { back: 7, revenue: 1, cost: 1 },
      { back: 5, revenue: 99, cost: 0 },
      { back: 4, revenue: 3, cost: 1 },
      { back: 2, revenue: 0, cost: 1 },
    ]
    expect(line(today(1), ...days)).toContain('"avg7":1.3333333333,"days":3,')
  })

  it('does not know the eighth day before', () =>
    expect(line(today(1), ...daysBefore(2, 2, 2, 2, 2, 2, 2, 100))).toContain('"avg7":2,"days":7,'))

  it('is shown of two days that are too few, and null of none', () => {
    expect(line(today(1), ...daysBefore(1, 2))).toContain('"avg7":1.5,"days":2,')
    expect(line(today(1))).toBe(
      '{"date":"2026-03-10","campaign":"SPRING","roas_d1":1,"avg7":null,"days":0,' +
        '"anomaly":false,"severity":null,"reason":"insufficient_history","suggestion":null}',
    )
  })
})

describe('a line', () => {
  it('says what was found and what to do', () => {
    const found = judged(today(1), ...daysBefore(4, 4, 4))
    expect(found && anomalyLine(found)).toBe(
      '{"date":"2026-03-10","campaign":"SPRING","roas_d1":1,"avg7":4,"days":3,"anomaly":true,' +
        '"severity":"warning","reason":"roas_below_half_of_average","suggestion":' +
        '"Spend steady (1.00 USD, mean 1.00), revenue down 75% (1.00 USD, mean 4.00). ' +
        'The spend brings players who buy less: check audience, creatives and the shop."}',
    )
  })

  it('is there for each campaign of the day, in its order', () => {
    const row = (campaign: string, day: number): Roas => ({
      ...{ day, campaign, revenue: 1n, cost: 1n, status: 'ok', chargebacks: 0, chargedBack: 0n },
    })
    const byDay = new Map([
      [D1, [row('A', D1), row('B', D1)]],
      [D1 - 1, [row('GONE', D1 - 1)]],
    ])
    expect(findAnomalies(D1, byDay).map(({ roas }) => roas.campaign)).toEqual(['A', 'B'])
    expect(findAnomalies(D1 + 1, byDay)).toEqual([])
  })
})
