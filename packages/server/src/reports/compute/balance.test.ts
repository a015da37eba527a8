import { expect, it } from 'vitest'
import { unbalanced } from '../runs/runs.ts'
import { inputSummaries, type Outcome, type Read } from './balance.ts'

const fates = { filtered: new Map<string, number>(), rejected: new Map<string, number>() }
const scanned = (name: string, records: number, unreadable = 0) => ({
  ...{ path: `/data/${name}`, sha256: 'ab', bytes: 7, header: [], records, unreadable },
  ...{ byLine: false, delimiter: ',' as const },
  identity: { dev: 1n, ino: 1n, size: 7n, mtimeNs: 1n, ctimeNs: 1n },
})

/** 10 records of purchases, 4 of each other file; say what became of them. */
const read = (changes: Partial<Read> = {}): Read => ({
  purchases: {
    file: scanned('purchases_raw.csv', 10, 2),
    found: {
      records: 10,
      filtered: new Map([['not-success', 3]]),
      rejected: new Map([['unreadable-time', 1]]),
    },
  },
  confirmations: {
    file: scanned('confirmed_purchases.csv', 4),
    found: { ...fates, records: 4 },
  },
  costs: {
    file: scanned('costs_daily.csv', 4),
    found: {
      ...fates,
      records: 4,
      kept: 3,
      rejected: new Map([['unreadable-date', 1]]),
    },
  },
  sessions: {
    file: scanned('sessions.csv', 4),
    found: { ...fates, records: 4 },
  },
  ...changes,
})
/** As they were written. */
const rejected = {
  ofFile: (file: string): ReadonlyMap<string, number> =>
    new Map(
      file === 'purchases_raw.csv'
        ? [
            ['unreadable-time', 1],
            ['quote-fault', 2],
          ]
        : file === 'costs_daily.csv'
          ? [['unreadable-date', 1]]
          : [],
    ),
}
const OUTCOME: Outcome = {
  purchases: { kept: 5, duplicates: 1 },
  confirmations: { kept: 4, duplicates: 0 },
  sessions: { kept: 3, duplicates: 1 },
}

it('rows of each file are kept, duplicates, filtered or rejected, unreadable lines among them', () => {
  const [purchases] = inputSummaries(read(), rejected, OUTCOME)
  expect(purchases).toEqual({
    ...{ file: 'purchases_raw.csv', sha256: 'ab', bytes: 7, rows_in: 12, kept: 5, duplicates: 1 },
    filtered: { 'not-success': 3 },
    rejected: { 'quote-fault': 2, 'unreadable-time': 1 },
  })
})

it('summed costs are kept; what came out is said, not what should have', () => {
  const [, , costs, sessions] = inputSummaries(read(), rejected, OUTCOME)
  expect(costs).toMatchObject({ rows_in: 4, kept: 3, duplicates: 0 })
  expect(sessions).toMatchObject({ rows_in: 4, kept: 3, duplicates: 1 })
})

it('a row that was lost on the way shows', () => {
  expect(unbalanced({ inputs: inputSummaries(read(), rejected, OUTCOME) })).toEqual([])
  const lost = { ...OUTCOME, purchases: { kept: 4, duplicates: 1 } }
  expect(unbalanced({ inputs: inputSummaries(read(), rejected, lost) })).toEqual([
    'purchases_raw.csv: 12 rows in, 11 accounted for',
  ])
})
