import { describe, expect, it } from 'vitest'
import type { Roas } from '../roas/roas.ts'
import { arpdauLine, arpdauOf } from './arpdau.ts'

/** 2026-03-10, in days since 1970. */
const DAY = 20_522

const row = (campaign: string, dollars: number): Roas => ({
  ...{ day: DAY, campaign, revenue: BigInt(Math.round(dollars * 1e6)), cost: 0n },
  ...{ status: 'no_cost', chargebacks: 0, chargedBack: 0n },
})
const lines = (rows: readonly Roas[], dau: number) => arpdauOf(DAY, rows, dau).map(arpdauLine)

describe('ARPDAU', () => {
  it('divides the revenue of each campaign, and of all, by the same users', () =>
    expect(lines([row('SPRING', 10), row('SUMMER', 2.5)], 4)).toEqual([
      '{"date":"2026-03-10","campaign":"(ALL)","revenue_usd":12.5,"dau":4,"arpdau":3.125}',
      '{"date":"2026-03-10","campaign":"SPRING","revenue_usd":10,"dau":4,"arpdau":2.5}',
      '{"date":"2026-03-10","campaign":"SUMMER","revenue_usd":2.5,"dau":4,"arpdau":0.625}',
    ]))

  it('is 0 for a campaign that cost something and sold nothing', () =>
    expect(lines([row('SPRING', 0)], 3).at(-1)).toContain('"revenue_usd":0,"dau":3,"arpdau":0}'))

  it('is null without users', () =>
    expect(lines([row('SPRING', 10)], 0).map((line) => line.slice(line.indexOf('"dau"')))).toEqual([
      '"dau":0,"arpdau":null}',
      '"dau":0,"arpdau":null}',
    ]))

  it('of users alone is one row for all', () =>
    expect(lines([], 7)).toEqual([
      '{"date":"2026-03-10","campaign":"(ALL)","revenue_usd":0,"dau":7,"arpdau":0}',
    ]))

  it('has no rows on a day without campaigns and users', () => expect(lines([], 0)).toEqual([]))

  it('sorts all like a campaign, and before one of that name', () => {
    const rows = ['$5', '(ALL)', '(NONE)'].map((campaign) => row(campaign, 1))
    expect(arpdauOf(DAY, rows, 1).map(({ campaign, revenue }) => [campaign, revenue])).toEqual([
      ['$5', 1_000_000n],
      ['(ALL)', 3_000_000n],
      ['(ALL)', 1_000_000n],
      ['(NONE)', 1_000_000n],
    ])
  })

  it('is rounded to ten decimals', () =>
    expect(lines([row('SPRING', 2)], 3).at(-1)).toContain('"arpdau":0.6666666667}'))
})
