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
        aConfirmation({ revenue_usd: '4.98' }),
        aConfirmation({ revenue_usd: '-0' }),
        aConfirmation({ appsflyer_id: '' }),
      ],
      costs: [aCost(), aCost(), aCost({ date: 'x' }), aCost({ ad_cost_usd: '' })],
      sessions: [
        aSession(),
        aSession({ user_id: ' U1', event_timestamp_utc: '2026-03-10 12:00:00' }),
        aSession({ user_id: 'u1' }),
        aSession({ event_timestamp_utc: '2026-03-10T12:00:01Z' }),
        aSession({ user_id: 'N/A' }),
        aSession({ event_timestamp_utc: D1 }),
      ],
    })
    expect(balance.slice(1)).toMatchObject([
      { rowsIn: 6, kept: 3, duplicates: 1, filtered: 1, rejected: 1 },
      { rowsIn: 4, kept: 2, duplicates: 0, filtered: 0, rejected: 2 },
      { rowsIn: 6, kept: 3, duplicates: 1, filtered: 0, rejected: 2 },
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
        event_name: '\tpurchase',
        campaign: '=1+"1",\nx',
        receipt_id: '@R',
        revenue_usd: '$1,234.5',
        status: '\rSuccess ',
      }),
      aPurchase({ receipt_id: '@R', status: 'chargeback' }),
      aPurchase({ event_time_utc: '2026-03-10 14:00:00.5+02:00', revenue_usd: '0.1234565' }),
    ]
    expect(run({ purchases }).files['purchases_curated.csv']).toBe(
      [
        'appsflyer_id,event_name,event_time_utc,revenue_usd,campaign,receipt_id,status,' +
          'campaign_norm,original_revenue_usd,flags\n',
        `'-P1,'\tpurchase,2026-03-10T12:00:00Z,0.00,"'=1+""1"",\nx",'@R,"'\rSuccess ",` +
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
