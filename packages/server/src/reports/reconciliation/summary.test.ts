import { describe, expect, it } from 'vitest'
import { type RowCells, rowsOf } from '../../../../../tests/reports/row-builders.ts'
import { matchRows, summarize } from './reconciliation.ts'
import { summaryJson } from './summary.ts'

type Marked = RowCells & { readonly isDuplicate?: boolean }

/** The summary of what matches when these rows are matched. */
function summaryOf(ours: readonly Marked[], theirs: readonly Marked[]) {
  const marksOf = (rows: readonly Marked[]) =>
    Uint8Array.from(rows, ({ isDuplicate }) => (isDuplicate === true ? 1 : 0))
  const sides = {
    ...{ purchases: rowsOf(ours), purchaseMarks: marksOf(ours), players: 3 },
    ...{ confirmations: rowsOf(theirs), confirmationMarks: marksOf(theirs) },
  }
  return summarize(sides, matchRows(sides, 1_000))
}

describe('the summary', () => {
  it('counts details by kind and rule, and sums what each comes to', () => {
    const ours = [
      { usd: 1, receipt: 'R1' },
      { usd: 2, at: 2_000 },
      { usd: 4, at: 5_000 },
      { usd: 8, at: 9_000 },
    ]
    const theirs = [
      { usd: 1, at: 1_000, receipt: 'R1' },
      { usd: 2, at: 2_001 },
      { usd: 16, at: 20_000 },
    ]
    expect(summaryJson(summaryOf(ours, theirs))).toBe(
      '{"matched":2,"af_only":2,"confirmed_only":1,"matched_by_receipt":1,"matched_by_time":1,' +
        '"amount_mismatch":0,"revenue_usd":{"matched":3,"af_only":12,"confirmed_only":16}}',
    )
  })

  it('sums what counts of a purchase: nothing after a chargeback, of a pair or alone', () => {
    const { revenue } = summaryOf(
      [
        { usd: 5, chargeback: 1 },
        { usd: 7, at: 5_000, chargeback: 2 },
      ],
      [{ usd: 5 }],
    )
    expect(revenue).toEqual({ matched: 0n, afOnly: 0n, confirmedOnly: 0n })
  })

  it('compares the amount as it was before a chargeback with the confirmed one', () => {
    const mismatches = (usd: number, chargeback: 0 | 1) =>
      summaryOf([{ usd, chargeback }], [{ usd: 5 }]).amountMismatch
    expect([mismatches(5, 0), mismatches(5, 1)]).toEqual([0, 0])
    expect([mismatches(5.000001, 0), mismatches(5.000001, 1)]).toEqual([1, 1])
  })

  it('leaves duplicates out, on both sides', () => {
    const rows = [{ usd: 1 }, { usd: 1, isDuplicate: true }]
    expect(summaryOf(rows, [])).toMatchObject({ afOnly: 1, revenue: { afOnly: 1_000_000n } })
    expect(summaryOf([], rows)).toMatchObject({
      ...{ confirmedOnly: 1, revenue: { confirmedOnly: 1_000_000n } },
    })
  })

  it('is exact beyond 2^53 micros, where doubles skip every odd number', () => {
    const largest = { usd: 999_999_999.999999 }
    const eleven = Array.from({ length: 11 }, (_value, player) => ({
      ...largest,
      player: player % 2,
    }))
    const exact = 10_999_999_999_999_989n
    expect(exact).toBeGreaterThan(2n ** 53n)
    expect(summaryOf(eleven, []).revenue.afOnly).toBe(exact)
    expect(summaryOf([], eleven).revenue.confirmedOnly).toBe(exact)
    expect(summaryOf(eleven, eleven).revenue.matched).toBe(exact)
    expect(summaryJson(summaryOf(eleven, []))).toContain('"af_only":10999999999.999989')
  })

  it('of nothing is all zeros', () =>
    expect(summaryJson(summaryOf([], []))).toBe(
      '{"matched":0,"af_only":0,"confirmed_only":0,"matched_by_receipt":0,"matched_by_time":0,' +
        '"amount_mismatch":0,"revenue_usd":{"matched":0,"af_only":0,"confirmed_only":0}}',
    ))
})
