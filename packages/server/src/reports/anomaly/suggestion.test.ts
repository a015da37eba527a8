import { describe, expect, it } from 'vitest'
import type { Roas } from '../roas/roas.ts'
import { suggestion } from './suggestion.ts'

/** Dollars of one day. */
type Day = {
  readonly spend?: number
  readonly revenue?: number
  readonly taken?: readonly number[]
}

const micros = (dollars: number): bigint => BigInt(Math.round(dollars * 1e6))
const dayOf = ({ spend = 100, revenue = 200, taken = [] }: Day): Roas => ({
  ...{ day: 0, campaign: 'SPRING', status: 'ok' },
  ...{ cost: micros(spend), revenue: micros(revenue) },
  ...{ chargebacks: taken.length, chargedBack: micros(taken.reduce((sum, usd) => sum + usd, 0)) },
})
/** For a day after three days of 100 USD spend and 200 USD revenue, unless it says otherwise. */
const suggested = (today: Day, history: readonly Day[] = [{}, {}, {}]): string =>
  suggestion(dayOf(today), history.map(dayOf))

describe('a suggestion says', () => {
  it('what moved, in percent and dollars', () =>
    expect(suggested({ spend: 125, revenue: 80 })).toMatch(
      /^Spend up 25% \(125\.00 USD, mean 100\.00\), revenue down 60% \(80\.00 USD, mean 200\.00\)\. /,
    ))

  it.each([
    [110, 'up 10%'],
    [109.999999, 'steady'],
    [100, 'steady'],
    [90.000001, 'steady'],
    [90, 'down 10%'],
    [112.5, 'up 13%'],
    [112.499999, 'up 12%'],
    [87.5, 'down 13%'],
    [87.500001, 'down 12%'],
    [350, 'up 250%'],
  ])('of %d USD after 100 USD a day: %s', (spend, words) =>
    expect(suggested({ spend })).toContain(`Spend ${words} (`),
  )

  it('steady of what was nothing before: there is no percentage of nothing', () =>
    expect(suggested({ revenue: 5 }, [{ revenue: 0 }])).toContain(
      'revenue steady (5.00 USD, mean 0.00)',
    ))

  it('means over the days there are, to the cent, half away from zero', () => {
    // 200.01 and 200.02: 200.015. 0.004999 is below half a cent.
    const history = [{ revenue: 200.01 }, { revenue: 200.02 }]
    expect(suggested({ revenue: 0.004999 }, history)).toContain(
      'revenue down 100% (0.00 USD, mean 200.02)',
    )
  })

  it.each([
    [[4.99], ', 1 chargeback took 4.99 USD. '],
    [[4.99, 5], ', 2 chargebacks took 9.99 USD. '],
    [[], 'mean 200.00). '],
  ])('what chargebacks took: %j', (taken, words) =>
    expect(suggested({ revenue: 80, taken })).toContain(words),
  )
})

describe('the action is', () => {
  const action = (...parts: Parameters<typeof suggested>) =>
    suggested(...parts).replace(/^.*?\)(?:, \d+ chargebacks? took [\d.]+ USD)?\. (?=[A-Z])/, '')
  const LOOK = 'Look at the charged-back purchases before you change the budget.'
  const CHECK = 'Check the link, the store page and the tracking before you spend more.'
  const GO_BACK = 'Go back to 100.00 USD a day until revenue recovers.'
  const SHOP = 'The spend brings players who buy less: check audience, creatives and the shop.'
  const WAIT = 'The last days were unusually good: watch another day before you change the budget.'

  it('to look at chargebacks that took at least half of what is missing', () => {
    expect(action({ spend: 150, revenue: 100, taken: [30, 20] })).toBe(LOOK)
    expect(action({ spend: 150, revenue: 100, taken: [49.999999] })).toBe(GO_BACK)
    expect(action({ revenue: 0, taken: [200] })).toBe(LOOK)
  })

  it('not to look at chargebacks where no revenue is missing', () => {
    expect(action({ spend: 900, revenue: 200, taken: [50] })).toBe(GO_BACK)
    expect(action({ spend: 900, revenue: 300, taken: [50] })).toBe(GO_BACK)
  })

  it('to check the link where there is no revenue, whatever the spend', () => {
    expect(action({ revenue: 0 })).toBe(CHECK)
    expect(action({ spend: 500, revenue: 0, taken: [99.999999] })).toBe(CHECK)
  })

  it('to go back to the mean spend where spend is up', () => {
    expect(action({ spend: 110, revenue: 50 })).toBe(GO_BACK)
    expect(action({ spend: 20 }, [{ spend: 10 }, { spend: 10.01 }, { spend: 10 }])).toBe(
      'Go back to 10.00 USD a day until revenue recovers.',
    )
  })

  it('to check whom the spend brings where only revenue is down', () =>
    expect(action({ spend: 109, revenue: 180 })).toBe(SHOP))

  it('to wait where neither moved, or only spend fell', () => {
    expect(action({})).toBe(WAIT)
    expect(action({ spend: 50, revenue: 181 })).toBe(WAIT)
  })
})
