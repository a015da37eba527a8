import { expect, it } from 'vitest'
import { unbalanced } from '../runs/runs.ts'
import { inputSummaries } from './balance.ts'

type Read = Parameters<typeof inputSummaries>[0]
type Outcome = Parameters<typeof inputSummaries>[1]

const fates = { filtered: new Map<string, number>(), rejected: new Map<string, number>() }
const scanned = (name: string, records: number, unreadable = 0) => ({
  ...{ path: `/data/${name}`, sha256: 'ab', bytes: 7, header: [], records, unreadable },
  ...{ byLine: false, readPath: '', delimiter: ',' as const, parallel: true },
  assertUnchanged: () => Promise.resolve(),
})
const sale = {
  times: new Map(),
  amounts: new Map(),
  ids: new Map(),
  badReceipts: new Set<string>(),
}

/** 10 records of purchases, 4 of each other file; say what became of them. */
const read = (changes: Partial<Read> = {}): Read => ({
  purchases: {
    file: scanned('purchases_raw.csv', 10, 2),
    rejected: new Map([
      ['unreadable-time', 1],
      ['quote-fault', 2],
    ]),
    found: {
      ...{ ...sale, records: 10, candidates: 6, campaigns: new Map(), statuses: [] },
      ...{ events: new Map(), chargebacks: [], eventValues: new Map() },
      filtered: new Map([['not-success', 3]]),
      rejected: new Map([['unreadable-time', 1]]),
    },
  },
  confirmations: {
    file: scanned('confirmed_purchases.csv', 4),
    rejected: new Map(),
    found: { ...fates, ...sale, records: 4, candidates: 4 },
  },
  costs: {
    file: scanned('costs_daily.csv', 4),
    rejected: new Map([['unreadable-date', 1]]),
    found: {
      ...fates,
      records: 4,
      costs: [],
      kept: 3,
      summed: 2,
      rejected: new Map([['unreadable-date', 1]]),
    },
  },
  sessions: {
    file: scanned('sessions.csv', 4),
    rejected: new Map(),
    found: { ...fates, records: 4, candidates: 4, times: new Map(), ids: new Map() },
  },
  ...changes,
})
const OUTCOME: Outcome = {
  purchases: { kept: 5, duplicates: 1 },
  confirmations: { kept: 4, duplicates: 0 },
  sessions: { kept: 3, duplicates: 1 },
}

it('rows of each file are kept, duplicates, filtered or rejected, unreadable lines among them', () => {
  const [purchases] = inputSummaries(read(), OUTCOME)
  expect(purchases).toEqual({
    ...{ file: 'purchases_raw.csv', sha256: 'ab', bytes: 7, rows_in: 12, kept: 5, duplicates: 1 },
    filtered: { 'not-success': 3 },
    rejected: { 'quote-fault': 2, 'unreadable-time': 1 },
  })
})

it('summed costs are kept; what came out of the engine is said, not what should have', () => {
  const [, , costs, sessions] = inputSummaries(read(), OUTCOME)
  expect(costs).toMatchObject({ rows_in: 4, kept: 3, duplicates: 0 })
  expect(sessions).toMatchObject({ rows_in: 4, kept: 3, duplicates: 1 })
})

it('a row that the engine lost shows', () => {
  expect(unbalanced({ inputs: inputSummaries(read(), OUTCOME) })).toEqual([])
  const lost = { ...OUTCOME, purchases: { kept: 4, duplicates: 1 } }
  expect(unbalanced({ inputs: inputSummaries(read(), lost) })).toEqual([
    'purchases_raw.csv: 12 rows in, 11 accounted for',
  ])
})
