import { describe, expect, it } from 'vitest'
import {
  aConfirmation,
  aCost,
  aPurchase,
  aSession,
  type InputRows,
  inputFiles,
} from './input-builders.ts'
import { type Parameters, recompute } from './recomputation/recomputation.ts'
import { suggestionFor } from './recomputation/suggestion.ts'

const TODAY = '2026-03-11'
const D1 = '2026-03-10'

const run = (rows: InputRows, parameters: Partial<Parameters> = {}) =>
  recompute(inputFiles(rows), { today: TODAY, ...parameters })

/** Curated rows in short: receipt, revenue, original revenue, flags. */
const curated = (rows: InputRows) =>
  run(rows).curated.map(
    ({ receipt, curatedMicros, micros, flags }) =>
      `${receipt} ${curatedMicros} ${micros} [${flags}]`,
  )

describe('rule 1: clean', () => {
  it('keeps successful purchases with revenue, in any spelling of status and event', () => {
    const purchases = [
      aPurchase({ status: ' SUCCESS\t', event_name: 'AF_Purchase ', receipt_id: 'kept' }),
      aPurchase({ status: 'failed' }),
      aPurchase({ status: '', appsflyer_id: '', event_time_utc: 'x', revenue_usd: 'x' }),
      aPurchase({ event_name: 'af_login', revenue_usd: '' }),
      aPurchase({ status: 'Chargeback', event_name: 'refund', event_time_utc: '' }),
      aPurchase({ revenue_usd: '0.00' }),
      aPurchase({ revenue_usd: '-4,99' }),
      aPurchase({ revenue_usd: '0.0000004' }),
      aPurchase({ appsflyer_id: ' ', event_time_utc: 'x' }),
      aPurchase({ event_time_utc: D1, revenue_usd: 'x' }),
      aPurchase({ revenue_usd: '1e9' }),
      aPurchase({ revenue_usd: '1e9', appsflyer_id: 'null' }),
    ]
    const { balance, curated: kept } = run({ purchases })
    expect(kept.map(({ receipt }) => receipt)).toEqual(['kept'])
    expect(balance[0]).toEqual({
      file: 'purchases_raw.csv',
      rowsIn: 12,
      kept: 1,
      duplicates: 0,
      filtered: 7,
      rejected: 4,
      filteredBy: { 'not-success': 2, 'not-a-purchase': 1, chargeback: 1, 'false-success': 3 },
      rejectedBy: { 'empty-appsflyer-id': 2, 'unreadable-time': 1, 'unreadable-money': 1 },
    })
  })

  it('filters receipts that match the pattern, in both files', () => {
    const rows = {
      purchases: [aPurchase({ receipt_id: 'x-TEST-1' }), aPurchase({ receipt_id: 'test' })],
      confirmations: [aConfirmation({ receipt_id: 'TEST' }), aConfirmation()],
    }
    const { balance } = run(rows, { badReceiptPattern: 'TEST|^$' })
    expect(balance.map(({ kept, filtered }) => [kept, filtered]).slice(0, 2)).toEqual([
      [1, 1],
      [1, 1],
    ])
  })

  it('decides 1,234 by the other cells of the column, filtered rows included', () => {
    const ambiguous = aPurchase({ revenue_usd: '1,234' })
    const said = (revenue_usd: string) => aPurchase({ revenue_usd, status: 'failed' })
    expect(run({ purchases: [ambiguous] }).balance[0]?.rejectedBy).toEqual({
      'ambiguous-number': 1,
    })
    expect(curated({ purchases: [ambiguous, said('4,99')] })).toEqual([' 1234000 1234000 []'])
    expect(curated({ purchases: [ambiguous, said('1,234.50')] })).toEqual([
      ' 1234000000 1234000000 []',
    ])
  })

  it('treats confirmations, costs and sessions alike', () => {
    const { balance } = run({
      confirmations: [
        aConfirmation(),
        aConfirmation({ event_time_utc: '2026-03-10T13:00:00+01:00', revenue_usd: '$4.99' }),
        aConfirmation({ receipt_id: 'R' }),
        aConfirmation({ revenue_usd: '-0' }),
        aConfirmation({ appsflyer_id: '' }),
      ],
      costs: [aCost(), aCost(), aCost({ date: 'x' }), aCost({ ad_cost_usd: '' })],
      sessions: [
        aSession(),
        aSession({ user_id: ' U1', event_timestamp_utc: '2026-03-10 12:00:00' }),
        aSession({ user_id: 'u1' }),
        aSession({ user_id: 'N/A' }),
        aSession({ event_timestamp_utc: D1 }),
      ],
    })
    expect(balance.slice(1)).toMatchObject([
      { rowsIn: 5, kept: 2, duplicates: 1, filtered: 1, rejected: 1 },
      { rowsIn: 4, kept: 2, duplicates: 0, filtered: 0, rejected: 2 },
      { rowsIn: 5, kept: 2, duplicates: 1, filtered: 0, rejected: 2 },
    ])
    expect(balance[2]?.rejectedBy).toEqual({ 'unreadable-date': 1, 'unreadable-money': 1 })
    expect(balance[3]?.rejectedBy).toEqual({ 'empty-user-id': 1, 'unreadable-time': 1 })
  })
})

describe('rule 2: deduplicate', () => {
  it('keeps one row for each receipt, and none without one beside them', () => {
    const purchases = ['R2', '', 'R1', 'R2', ' null '].map((receipt_id) =>
      aPurchase({ receipt_id }),
    )
    const { balance } = run({ purchases })
    expect(curated({ purchases })).toEqual(['R1 4990000 4990000 []', 'R2 4990000 4990000 []'])
    expect(balance[0]).toMatchObject({ kept: 2, duplicates: 3 })
  })

  it('keeps one row where none has a receipt, the first in row order', () => {
    const purchases = [
      aPurchase({ campaign: 'spring', event_name: 'Purchase' }),
      aPurchase({ campaign: 'SPRING', event_name: 'purchase' }),
      aPurchase({
        campaign: 'Spring ',
        event_name: 'Purchase',
        event_time_utc: '2026-03-10 12:00',
      }),
    ]
    const kept = run({ purchases }).curated
    // 'Purchase' is before 'purchase', and '2026-03-10 ' before '2026-03-10T'.
    expect(kept.map(({ cells }) => cells.campaign)).toEqual(['Spring '])
    expect(kept[0]?.flags).toEqual([])
  })

  it('says when a dropped row names another campaign', () => {
    const purchases = [
      aPurchase({ receipt_id: 'R', campaign: 'B' }),
      aPurchase({ receipt_id: 'S', campaign: 'A' }),
      aPurchase({ receipt_id: 'S', campaign: 'a' }),
      aPurchase({ campaign: 'A' }),
    ]
    expect(curated({ purchases })).toEqual([
      'R 4990000 4990000 [campaign_differs]',
      'S 4990000 4990000 []',
    ])
  })

  it.each([
    ['player', { appsflyer_id: 'p1' }],
    ['microsecond', { event_time_utc: '2026-03-10T12:00:00.000001Z' }],
    ['event', { event_name: 'af_purchase' }],
    ['amount', { revenue_usd: '4.990001' }],
  ])('keeps both rows of another %s, and flags the receipt that comes again', (_, changes) => {
    const purchases = [aPurchase({ receipt_id: 'R' }), aPurchase({ receipt_id: 'R', ...changes })]
    expect(run({ purchases }).curated.map(({ flags }) => flags)).toEqual([
      ['duplicate_receipt'],
      ['duplicate_receipt'],
    ])
    const without = [aPurchase(), aPurchase(changes)]
    expect(run({ purchases: without }).curated.map(({ flags }) => flags)).toEqual([[], []])
  })
})

describe('rule 3: chargeback', () => {
  const chargeback = (receipt_id: string, appsflyer_id = 'P1') =>
    aPurchase({
      receipt_id,
      appsflyer_id,
      status: 'chargeback',
      event_time_utc: '',
      revenue_usd: '',
    })

  it('takes the revenue of its receipt once, before, after or twice', () => {
    const zeroed = ['R 0 4990000 [chargeback]']
    const purchase = aPurchase({ receipt_id: 'R' })
    expect(curated({ purchases: [purchase, chargeback(' R')] })).toEqual(zeroed)
    expect(curated({ purchases: [chargeback('R'), purchase, chargeback('R', '')] })).toEqual(zeroed)
  })

  it('takes nothing without a receipt or without its purchase', () => {
    const purchases = [aPurchase(), chargeback(''), chargeback('null'), chargeback('other')]
    expect(curated({ purchases })).toEqual([' 4990000 4990000 []'])
  })

  it('takes all kept rows of its receipt, on other players and days too', () => {
    const purchases = [
      aPurchase({ receipt_id: 'R' }),
      aPurchase({ receipt_id: 'R', appsflyer_id: 'P2', event_time_utc: '2026-03-12T00:00:00Z' }),
      chargeback('R'),
    ]
    expect(curated({ purchases })).toEqual([
      'R 0 4990000 [chargeback,duplicate_receipt]',
      'R 0 4990000 [chargeback,duplicate_receipt,receipt_on_two_players]',
    ])
  })
})

describe('purchases_curated.csv', () => {
  it('is sorted by time, then amount, receipt and campaign, with the last empty', () => {
    const purchases = [
      aPurchase({ event_time_utc: '2026-03-10T12:00:00.5Z', appsflyer_id: 'late' }),
      aPurchase({ revenue_usd: '5', appsflyer_id: 'dear' }),
      aPurchase({ appsflyer_id: 'no receipt' }),
      aPurchase({ receipt_id: 'R', campaign: 'b', appsflyer_id: 'B' }),
      aPurchase({ receipt_id: 'R', campaign: '', appsflyer_id: 'NONE' }),
      aPurchase({ receipt_id: 'R', campaign: 'B', appsflyer_id: 'A' }),
    ]
    expect(run({ purchases }).curated.map(({ player }) => player)).toEqual([
      'NONE',
      'A',
      'B',
      'no receipt',
      'dear',
      'late',
    ])
  })

  it('prints amounts with two to six places and runs nothing in a spreadsheet', () => {
    const purchases = [
      aPurchase({
        appsflyer_id: ' -P1 ',
        campaign: '=1+"1",\nx',
        receipt_id: '@R',
        revenue_usd: '$1,234.5',
        status: 'Success ',
      }),
      aPurchase({ receipt_id: '@R', status: 'chargeback' }),
      aPurchase({ event_time_utc: '2026-03-10 14:00:00.5+02:00', revenue_usd: '0.1234565' }),
    ]
    expect(run({ purchases }).files['purchases_curated.csv']).toBe(
      [
        'appsflyer_id,event_name,event_time_utc,revenue_usd,campaign,receipt_id,status,' +
          'campaign_norm,original_revenue_usd,flags\n',
        `'-P1,purchase,2026-03-10T12:00:00Z,0.00,"'=1+""1"",\nx",'@R,Success ,` +
          `"'=1+""1"", X",1234.50,chargeback;receipt_on_two_players\n`,
        'P1,purchase,2026-03-10T12:00:00.5Z,0.123457,Spring,,success,SPRING,0.123457,\n',
      ].join(''),
    )
  })
})

describe('rule 4: reconciliation.json', () => {
  it('has the sums of each verdict, and each detail once, by time', () => {
    const { files } = run({
      purchases: [
        aPurchase({ receipt_id: 'R1' }),
        aPurchase({ receipt_id: 'R1', status: 'chargeback' }),
        aPurchase({ appsflyer_id: 'P2', revenue_usd: '10' }),
        aPurchase({ appsflyer_id: 'P3', revenue_usd: '0.5', receipt_id: 'R3' }),
      ],
      confirmations: [
        aConfirmation({
          receipt_id: 'R1',
          revenue_usd: '5',
          event_time_utc: '2026-03-10T12:30:00Z',
        }),
        aConfirmation({
          appsflyer_id: 'P2',
          revenue_usd: '10.00',
          receipt_id: 'R2',
          event_time_utc: '2026-03-10T11:59:59.9Z',
        }),
        aConfirmation({ appsflyer_id: 'P4', revenue_usd: '7' }),
      ],
    })
    expect(files['reconciliation.json']).toBe(
      [
        '{"summary":{"matched":2,"af_only":1,"confirmed_only":1,"matched_by_receipt":1,' +
          '"matched_by_time":1,"amount_mismatch":1,' +
          '"revenue_usd":{"matched":10,"af_only":0.5,"confirmed_only":7}},\n',
        '"details":[\n',
        '{"type":"af_only","appsflyer_id":"P3","af_event_time_utc":"2026-03-10T12:00:00Z",' +
          '"cf_event_time_utc":null,"event_time_utc":"2026-03-10T12:00:00Z","revenue_usd":0.5,' +
          '"confirmed_revenue_usd":null,"receipt_id":"R3","rule":null,"seconds_apart":null,' +
          '"flags":[]},\n',
        '{"type":"confirmed_only","appsflyer_id":"P4","af_event_time_utc":null,' +
          '"cf_event_time_utc":"2026-03-10T12:00:00Z","event_time_utc":"2026-03-10T12:00:00Z",' +
          '"revenue_usd":7,"confirmed_revenue_usd":7,"receipt_id":null,"rule":null,' +
          '"seconds_apart":null,"flags":[]},\n',
        '{"type":"matched","appsflyer_id":"P1","af_event_time_utc":"2026-03-10T12:00:00Z",' +
          '"cf_event_time_utc":"2026-03-10T12:30:00Z","event_time_utc":"2026-03-10T12:00:00Z",' +
          '"revenue_usd":0,"confirmed_revenue_usd":5,"receipt_id":"R1","rule":"receipt",' +
          '"seconds_apart":1800,"flags":["outside_window"]},\n',
        '{"type":"matched","appsflyer_id":"P2","af_event_time_utc":"2026-03-10T12:00:00Z",' +
          '"cf_event_time_utc":"2026-03-10T11:59:59.9Z","event_time_utc":"2026-03-10T12:00:00Z",' +
          '"revenue_usd":10,"confirmed_revenue_usd":10,"receipt_id":"R2","rule":"time",' +
          '"seconds_apart":-0.1,"flags":[]}\n',
        ']}\n',
      ].join(''),
    )
  })

  it('compares the amount before a chargeback', () => {
    const purchases = [
      aPurchase({ receipt_id: 'R' }),
      aPurchase({ receipt_id: 'R', status: 'chargeback' }),
    ]
    const confirmations = [aConfirmation({ receipt_id: 'R' })]
    const { files } = run({ purchases, confirmations })
    expect(files['reconciliation.json']).toContain('"amount_mismatch":0,')
  })

  it('of nothing is empty', () => {
    expect(run({}).files).toMatchObject({
      'reconciliation.json':
        '{"summary":{"matched":0,"af_only":0,"confirmed_only":0,"matched_by_receipt":0,' +
        '"matched_by_time":0,"amount_mismatch":0,' +
        '"revenue_usd":{"matched":0,"af_only":0,"confirmed_only":0}},\n"details":[]}\n',
      'roas_d1.json': '[]\n',
      'roas_anomaly.json': '[]\n',
      'arpdau_d1.json': '[]\n',
      'rejected_rows.csv': 'file,line,reason,raw\n',
    })
  })
})

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
      { day: '2026-03-07', reason: 'second-newest-purchase-day' },
    ],
    [
      ['2026-03-08', '2026-03-07', '2026-03-08'],
      { day: '2026-03-07', reason: 'second-newest-purchase-day' },
    ],
    [['2026-03-08'], { day: '2026-03-08', reason: 'only-purchase-day' }],
    [['2026-03-12'], { day: '2026-03-10', reason: 'no-data' }],
  ])('of purchases on %j is right', (days, choice) => {
    expect(day(days)).toEqual(choice)
  })

  it('is the newest cost day without purchases, and the given date before all', () => {
    const costDays = ['2026-03-05', '2026-03-20', '2026-03-07']
    expect(day([], costDays)).toEqual({ day: '2026-03-20', reason: 'newest-cost-day' })
    expect(day(['2026-03-10'], [], '2020-01-01')).toEqual({ day: '2020-01-01', reason: 'given' })
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
    // Days back 2 (cost 0), 4 (none) and 8 (too old) do not count; (6/2 + 1/4 + 1/2) / 3 = 1.25.
    const history = [
      ['6', '2'],
      ['9', '0'],
      ['1', '4'],
      ['9', ''],
      ['1', '2'],
    ] as const
    const days = [['1', '1'], ...history, ['', ''], ['', ''], ['100', '1']] as const
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
