import { expect, it } from 'vitest'
import type { RejectedRow } from '../runs/runs.ts'
import { countRejected } from './rejected-counts.ts'

/** Counts what is rejected, and what of it was written. */
function counting(describeRejected?: (file: string, row: RejectedRow) => RejectedRow) {
  const written: RejectedRow[] = []
  const begin = () => (row: RejectedRow) => void written.push(row)
  const rejected = {
    begin,
    write: () => Promise.resolve({ sha256: '', bytes: 0 }),
    close: () => undefined,
  }
  return { written, counts: countRejected(rejected, describeRejected ? { describeRejected } : {}) }
}
const row = (reason: string): RejectedRow => ({ line: 2, reason, raw: 'x' })

it('rows are counted by file and reason, lines and rows alike', () => {
  const { counts, written } = counting()
  const take = counts.begin('a.csv')
  for (const reason of ['quote-fault', 'unreadable-time', 'quote-fault']) take(row(reason))
  expect(counts.ofFile('a.csv')).toEqual(
    new Map([
      ['quote-fault', 2],
      ['unreadable-time', 1],
    ]),
  )
  expect([written.length, counts.ofFile('b.csv')]).toEqual([3, new Map()])
})

it('a file that is begun again is counted anew', () => {
  const { counts } = counting()
  counts.begin('a.csv')(row('quote-fault'))
  counts.begin('a.csv')(row('unreadable-time'))
  expect(counts.ofFile('a.csv')).toEqual(new Map([['unreadable-time', 1]]))
})

it('rows are counted and written as they are described', () => {
  const { counts, written } = counting((file, own) => ({
    ...own,
    reason: `${file}: ${own.reason}`,
  }))
  counts.begin('a.csv')(row('x'))
  expect(counts.ofFile('a.csv')).toEqual(new Map([['a.csv: x', 1]]))
  expect(written).toEqual([row('a.csv: x')])
})
