import { describe, expect, it } from 'vitest'
import { aCost, aPurchase, aSession, type InputRows, inputFiles } from './input-builders.ts'
import { type Parameters, recompute } from './recomputation/recomputation.ts'
import { suggestionFor } from './recomputation/suggestion.ts'

const TODAY = '2026-03-11'
const D1 = '2026-03-10'

const run = (rows: InputRows, parameters: Partial<Parameters> = {}) =>
  recompute(inputFiles(rows), { today: TODAY, ...parameters })

describe('rule 5: ROAS', () => {
  it('joins revenue and cost of the day, whichever is missing', () => {
    const { files } = run({
      purchases: [
        aPurchase({ campaign: 'both', revenue_usd: '1' }),
        aPurchase({ campaign: 'sold only' }),
        aPurchase({ campaign: 'credited', revenue_usd: '2' }),
        aPurchase({ campaign: 'both', event_time_utc: '2026-03-11T00:00:00Z' }),
        aPurchase({ campaign: 'both', event_time_utc: '2026-03-10T00:30:00+01:00' }),
      ],
      costs: [
        aCost({ campaign: ' Both', ad_cost_usd: '2' }),
        aCost({ campaign: 'BOTH', ad_cost_usd: '1' }),
        aCost({ campaign: 'spent only' }),
        aCost({ campaign: 'credited', ad_cost_usd: '2' }),
        aCost({ campaign: 'credited', ad_cost_usd: '-2.5' }),
        aCost({ campaign: '', ad_cost_usd: '0' }),
        aCost({ campaign: 'both', date: '2026-03-09' }),
      ],
    })
    expect(files['roas_d1.json']).toBe(
      [
        '[\n',
        `{"date":"${D1}","campaign":"(NONE)","revenue_usd":0,"ad_cost_usd":0,"roas":null,"status":"no_cost"},\n`,
        `{"date":"${D1}","campaign":"BOTH","revenue_usd":1,"ad_cost_usd":3,"roas":0.3333333333,"status":"ok"},\n`,
        `{"date":"${D1}","campaign":"CREDITED","revenue_usd":2,"ad_cost_usd":-0.5,"roas":null,"status":"no_cost"},\n`,
        `{"date":"${D1}","campaign":"SOLD ONLY","revenue_usd":4.99,"ad_cost_usd":0,"roas":null,"status":"no_cost"},\n`,
        `{"date":"${D1}","campaign":"SPENT ONLY","revenue_usd":0,"ad_cost_usd":2,"roas":0,"status":"no_revenue"}\n`,
        ']\n',
      ].join(''),
    )
  })

  it('sorts by code point, not by UTF-16', () => {
    const campaigns = ['\u{1F3B1}', '\uFF21', 'z', 'Ä']
    const { roas } = run({ costs: campaigns.map((campaign) => aCost({ campaign })) })
    expect(roas.map(({ campaign }) => campaign)).toEqual(['Z', 'Ä', '\uFF21', '\u{1F3B1}'])
  })
})

describe('rule 6: D-1', () => {
  const day = (days: readonly string[], costDays: readonly string[] = [], date?: string) =>
    run(
      {
        purchases: days.map((one) => aPurchase({ event_time_utc: `${one}T12:00:00Z` })),
        costs: costDays.map((date) => aCost({ date })),
      },
      { date },
    ).day

  it.each([
    [['2026-03-10', '2026-03-08'], { day: '2026-03-10', reason: 'yesterday' }],
    [['2026-03-11', '2026-03-08'], { day: '2026-03-10', reason: 'yesterday' }],
    [
      ['2026-03-12', '2026-03-08', '2026-03-07'],
      { day: '2026-03-07', reason: 'second-newest-day' },
    ],
    [
      ['2026-03-08', '2026-03-07', '2026-03-08'],
      { day: '2026-03-07', reason: 'second-newest-day' },
    ],
    [['2026-03-08'], { day: '2026-03-08', reason: 'only-day' }],
    [['2026-03-12'], { day: '2026-03-10', reason: 'no-data' }],
  ])('of purchases on %j is right', (days, choice) => {
    expect(day(days)).toEqual(choice)
  })

  it('is the newest cost day without purchases, and the given date before all', () => {
    const costDays = ['2026-03-05', '2026-03-20', '2026-03-07']
    expect(day([], costDays)).toEqual({ day: '2026-03-20', reason: 'newest-cost-day' })
    expect(day(['2026-03-10'], [], '2020-01-01')).toEqual({ day: '2020-01-01', reason: 'asked' })
  })
})

describe('rule 7: anomaly', () => {
  /** [revenue, cost] of D-1, the day before, and so on, of one campaign; '' is no row. */
  function anomaly(days: readonly (readonly [string, string])[], more: InputRows = {}) {
    const dated = days.map(([revenue, cost], back) => {
      const date = new Date(Date.UTC(2026, 2, 10 - back)).toISOString().slice(0, 10)
      return { date, revenue, cost }
    })
    const purchases = dated
      .filter(({ revenue }) => revenue !== '')
      .map(({ date, revenue }) =>
        aPurchase({ event_time_utc: `${date}T12:00:00Z`, revenue_usd: revenue, receipt_id: date }),
      )
    const costs = dated
      .filter(({ cost }) => cost !== '')
      .map(({ date, cost }) => aCost({ date, ad_cost_usd: cost }))
    const { anomalies } = run(
      { costs, purchases: [...purchases, ...(more.purchases ?? [])] },
      { date: D1 },
    )
    return anomalies[0]
  }
  const week = (revenue: string, cost: string, days = 3) =>
    Array.from({ length: days }, () => [revenue, cost] as const)

  it('begins below half of the mean, and not at half', () => {
    // The mean of 2/1, 4/1 and 0/1 is 2, and half of it 1.
    const history = [
      ['2', '1'],
      ['4', '1'],
      ['', '1'],
    ] as const
    expect(anomaly([['1', '1'], ...history])).toMatchObject({
      anomaly: false,
      reason: 'ok',
      days: 3,
    })
    expect(anomaly([['0.999999', '1'], ...history])).toMatchObject({
      anomaly: true,
      severity: 'warning',
      reason: 'roas_below_half_of_average',
    })
  })

  it('is critical below a quarter, and not at it', () => {
    expect(anomaly([['1', '1'], ...week('4', '1')])).toMatchObject({ severity: 'warning' })
    expect(anomaly([['0.999999', '1'], ...week('4', '1')])).toMatchObject({ severity: 'critical' })
  })

  it('is critical without revenue, even where there never was any', () => {
    expect(anomaly([['', '1'], ...week('', '1')])).toMatchObject({
      anomaly: true,
      severity: 'critical',
      reason: 'no_revenue',
      avg7: { numerator: 0n },
    })
  })

  it('takes the mean of ratios over exactly the seven days before that had a cost', () => {
    // Days back 2 (cost 0), 4 (none) and 8 (too old) do not count, 7 does; (6/2 + 1/4 + 1/2) / 3 = 1.25.
    const history = [
      ['6', '2'],
      ['9', '0'],
      ['1', '4'],
      ['9', ''],
      ['', ''],
      ['', ''],
      ['1', '2'],
    ] as const
    const days = [['1', '1'], ...history, ['100', '1']] as const
    const { files } = run(
      {
        purchases: days.flatMap(([revenue_usd], back) =>
          revenue_usd === ''
            ? []
            : [
                aPurchase({
                  revenue_usd,
                  event_time_utc: `2026-03-${String(10 - back).padStart(2, '0')}T00:00:00Z`,
                }),
              ],
        ),
        costs: days.flatMap(([, ad_cost_usd], back) =>
          ad_cost_usd === ''
            ? []
            : [aCost({ ad_cost_usd, date: `2026-03-${String(10 - back).padStart(2, '0')}` })],
        ),
      },
      { date: D1 },
    )
    expect(files['roas_anomaly.json']).toBe(
      `[\n{"date":"${D1}","campaign":"SPRING","roas_d1":1,"avg7":1.25,"days":3,"anomaly":false,` +
        '"severity":null,"reason":"ok","suggestion":null}\n]\n',
    )
  })

  it('says why there is none', () => {
    expect(anomaly([['1', '0'], ...week('4', '1')])).toMatchObject({
      anomaly: false,
      reason: 'no_cost',
    })
    expect(anomaly([['', '1'], ...week('4', '1', 2)])).toMatchObject({
      anomaly: false,
      severity: undefined,
      reason: 'insufficient_history',
      days: 2,
      suggestion: undefined,
    })
    expect(anomaly([['1', '1']])).toMatchObject({ days: 0, avg7: undefined })
  })

  it('comes with what moved and what to do', () => {
    const chargeback = aPurchase({ receipt_id: D1, status: 'chargeback' })
    expect(anomaly([['9', '2'], ...week('10', '2')], { purchases: [chargeback] })).toMatchObject({
      reason: 'no_revenue',
      suggestion:
        'Spend steady (2.00 USD, mean 2.00), revenue down 100% (0.00 USD, mean 10.00), ' +
        '1 chargeback took 9.00 USD. ' +
        'Look at the charged-back purchases before you change the budget.',
    })
  })

  it.each([
    [
      [3, 6, 1, 30],
      'Spend up 50% (3.00 USD, mean 2.00), revenue down 90% (1.00 USD, mean 10.00). ' +
        'Go back to 2.00 USD a day until revenue recovers.',
    ],
    [
      [2, 6, 0, 30],
      'Spend steady (2.00 USD, mean 2.00), revenue down 100% (0.00 USD, mean 10.00). ' +
        'Check the link, the store page and the tracking before you spend more.',
    ],
    [
      [1, 6, 1, 30],
      'Spend down 50% (1.00 USD, mean 2.00), revenue down 90% (1.00 USD, mean 10.00). ' +
        'The spend brings players who buy less: check audience, creatives and the shop.',
    ],
    [
      [2, 6, 10, 31],
      'Spend steady (2.00 USD, mean 2.00), revenue steady (10.00 USD, mean 10.33). ' +
        'The last days were unusually good: watch another day before you change the budget.',
    ],
    [
      [0.5, 1, 0, 0],
      'Spend up 50% (0.50 USD, mean 0.33), revenue steady (0.00 USD, mean 0.00). ' +
        'Check the link, the store page and the tracking before you spend more.',
    ],
  ])(
    'suggests for spend and revenue %j',
    ([cost = 0, costs = 0, revenue = 0, revenues = 0], text) => {
      const micros = (dollars: number) => BigInt(dollars * 1_000_000)
      expect(
        suggestionFor({
          costMicros: micros(cost),
          costMicrosOfHistory: micros(costs),
          revenueMicros: micros(revenue),
          revenueMicrosOfHistory: micros(revenues),
          daysOfHistory: 3n,
          chargebacks: 0,
          chargebackMicros: 0n,
        }),
      ).toBe(text)
    },
  )

  it('calls ten percent a move, and chargebacks the cause from half of the loss on', () => {
    const movement = {
      costMicros: 110n,
      costMicrosOfHistory: 300n,
      revenueMicros: 90n,
      revenueMicrosOfHistory: 300n,
      daysOfHistory: 3n,
      chargebacks: 2,
      chargebackMicros: 5n,
    }
    expect(suggestionFor(movement)).toBe(
      'Spend up 10% (0.00 USD, mean 0.00), revenue down 10% (0.00 USD, mean 0.00), ' +
        '2 chargebacks took 0.00 USD. ' +
        'Look at the charged-back purchases before you change the budget.',
    )
    expect(suggestionFor({ ...movement, chargebackMicros: 4n })).toContain('. Go back to 0.00 USD')
    // Nothing is missing, so that chargebacks explain nothing.
    expect(suggestionFor({ ...movement, revenueMicros: 120n })).toContain('. Go back to 0.00 USD')
    expect(suggestionFor({ ...movement, costMicros: 109n })).toContain('Spend steady')
    expect(suggestionFor({ ...movement, revenueMicros: 91n })).toContain('revenue steady')
  })
})

describe('rule 8: ARPDAU', () => {
  it('divides every campaign and (ALL) by the users of the day', () => {
    const { files } = run({
      purchases: [
        aPurchase({ campaign: 'B', revenue_usd: '2' }),
        aPurchase({ campaign: '(all)', revenue_usd: '3' }),
      ],
      costs: [aCost({ campaign: '!' })],
      sessions: [
        aSession(),
        aSession({ event_timestamp_utc: '2026-03-10T23:59:59.999999Z' }),
        aSession({ user_id: 'U2', event_timestamp_utc: '2026-03-10T00:00:00' }),
        aSession({ user_id: 'u2' }),
        aSession({ user_id: 'U3', event_timestamp_utc: '2026-03-11T00:00:00Z' }),
      ],
    })
    expect(files['arpdau_d1.json']).toBe(
      [
        '[\n',
        `{"date":"${D1}","campaign":"!","revenue_usd":0,"dau":3,"arpdau":0},\n`,
        `{"date":"${D1}","campaign":"(ALL)","revenue_usd":5,"dau":3,"arpdau":1.6666666667},\n`,
        `{"date":"${D1}","campaign":"(ALL)","revenue_usd":3,"dau":3,"arpdau":1},\n`,
        `{"date":"${D1}","campaign":"B","revenue_usd":2,"dau":3,"arpdau":0.6666666667}\n`,
        ']\n',
      ].join(''),
    )
  })

  it('is null without sessions', () => {
    const { arpdau } = run({ purchases: [aPurchase()] })
    expect(arpdau).toMatchObject([
      { campaign: '(ALL)', dau: 0, arpdau: undefined },
      { campaign: 'SPRING', dau: 0, arpdau: undefined },
    ])
  })

  it('has (ALL) alone on a day of sessions only', () => {
    expect(run({ sessions: [aSession()] }).files['arpdau_d1.json']).toBe(
      `[\n{"date":"${D1}","campaign":"(ALL)","revenue_usd":0,"dau":1,"arpdau":0}\n]\n`,
    )
  })

  it('takes the days of a file of dates', () => {
    const sessions = `user_id,date\nU1,${D1}\nU1,${D1}T01:00:00\nU2,2026-03-11T00:30:00+01:00\n`
    const { balance, arpdau } = recompute({ ...inputFiles(), sessions }, { today: TODAY })
    expect(balance[3]).toMatchObject({ kept: 2, duplicates: 1 })
    expect(arpdau[0]?.dau).toBe(2)
  })
})
