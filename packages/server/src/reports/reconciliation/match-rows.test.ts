import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type RowCells, rowsOf } from '../../../../../tests/reports/row-builders.ts'
import { FLAG, type Matches, RULE } from './matches.ts'
import { JUNK_RECEIPT_ROWS, matchRows } from './reconciliation.ts'

const DROPPED = 1
const RULES = new Map<number, string>(Object.entries(RULE).map(([name, rule]) => [rule, name]))
const flagNames = (flags: number): string[] =>
  Object.entries(FLAG).flatMap(([name, flag]) => (flags & flag ? [name] : []))

type Marked = RowCells & { readonly isDuplicate?: boolean }

function match(
  purchases: readonly Marked[],
  confirmations: readonly Marked[],
  junkReceiptRows = JUNK_RECEIPT_ROWS,
): Matches {
  const marksOf = (rows: readonly Marked[]) =>
    Uint8Array.from(rows, ({ isDuplicate }) => (isDuplicate === true ? DROPPED : 0))
  const players = 1 + Math.max(0, ...[...purchases, ...confirmations].map((row) => row.player ?? 0))
  const sides = {
    ...{ purchases: rowsOf(purchases), purchaseMarks: marksOf(purchases), players },
    ...{ confirmations: rowsOf(confirmations), confirmationMarks: marksOf(confirmations) },
  }
  return matchRows(sides, junkReceiptRows)
}

/** Of each purchase: its confirmation (−1 for none), the rule and the flags. */
const matched = (...parts: Parameters<typeof match>) => {
  const { confirmations, rules, flags } = match(...parts)
  return [...confirmations].map((partner, rank) => [
    ...[partner, RULES.get(rules[rank] ?? -1)],
    ...flagNames(flags[rank] ?? 0),
  ])
}
const NONE = [-1, 'none']

describe('a receipt', () => {
  it('comes before time: the nearer rows are for what is left', () =>
    expect(
      matched([{ receipt: 'R1' }, { at: 60 }], [{ at: 0 }, { at: 60, receipt: 'R1' }]),
    ).toEqual([
      [1, 'receipt'],
      [0, 'time'],
    ]))

  it('matches at any distance, with a flag beyond ten minutes', () => {
    const apart = (at: number) => matched([{ receipt: 'R1' }], [{ at, receipt: 'R1' }])
    expect(apart(600)).toEqual([[0, 'receipt']])
    expect(apart(600.000001)).toEqual([[0, 'receipt', 'outsideWindow']])
    expect(apart(9e7)).toEqual([[0, 'receipt', 'outsideWindow']])
  })

  it('matches within one player only', () =>
    expect(matched([{ receipt: 'R1' }], [{ receipt: 'R1', player: 1 }])).toEqual([NONE]))

  it('matches one to one: what is left of it is matched by time, or not', () =>
    expect(
      matched([{ receipt: 'R1' }, { at: 9, receipt: 'R1' }], [{ at: 8, receipt: 'R1' }, { at: 9 }]),
    ).toEqual([
      [1, 'time'],
      [0, 'receipt'],
    ]))

  it('is the same only if both halves of its hash are', () => {
    const found = (receipt: readonly [number, number]) =>
      matched([{ receipt: [7, 1] }], [{ at: 900, receipt }])
    expect(found([7, 1])).toEqual([[0, 'receipt', 'outsideWindow']])
    expect(found([7, 2])).toEqual([NONE])
    expect(found([8, 1])).toEqual([NONE])
  })
})

describe('time', () => {
  it('matches up to ten minutes, before and after', () => {
    expect(matched([{}], [{ at: 600 }])).toEqual([[0, 'time']])
    expect(matched([{ at: 600 }], [{}])).toEqual([[0, 'time']])
    expect(matched([{}], [{ at: 600.000001 }])).toEqual([NONE])
  })

  it('matches the most pairs, though the nearest one breaks up', () =>
    // 500 and 400 are nearest; then 0 and 1000 would be left.
    expect(matched([{ at: 0 }, { at: 500 }], [{ at: 400 }, { at: 1000 }])).toEqual([
      [0, 'time'],
      [1, 'time'],
    ]))

  it('does not compare receipts, but tells of two that differ', () => {
    const found = (receipt: string, other: string) => matched([{ receipt }], [{ receipt: other }])
    expect(found('R1', 'R2')).toEqual([[0, 'time', 'receiptMismatch']])
    expect(found('R1', '')).toEqual([[0, 'time']])
    expect(found('', 'R2')).toEqual([[0, 'time']])
  })

  it('takes no confirmation twice', () =>
    expect(matched([{}, { at: 1 }], [{ at: 1 }])).toEqual([NONE, [0, 'time']]))

  it('leaves duplicates out, on both sides', () => {
    expect(matched([{}, { isDuplicate: true }], [{}, { at: 1 }])).toEqual([[0, 'time'], NONE])
    expect(matched([{}, {}], [{}, { isDuplicate: true }])).toEqual([[0, 'time'], NONE])
    const between = [{}, { isDuplicate: true }, { at: 5_000 }]
    expect(matched(between, between)).toEqual([[0, 'time'], NONE, [2, 'time']])
  })
})

describe('a receipt on too many rows of one player', () => {
  const rows = (count: number, from = 0): RowCells[] =>
    Array.from({ length: count }, (_value, n) => ({ at: from + n * 10_000, receipt: 'NULL-0' }))
  const rulesOf = (...parts: Parameters<typeof match>) =>
    new Set(matched(...parts).map(([, ...found]) => found.join(' ')))

  it('is one on 1,000 rows, both sides together, and junk on 1,001', () => {
    expect(rulesOf(rows(500), rows(500, 7))).toEqual(new Set(['receipt']))
    expect(rulesOf(rows(500), rows(501, 7))).toEqual(new Set(['time junkReceipt']))
  })

  it('is empty: rows match by time, and another receipt does not differ from it', () =>
    expect(matched([{ receipt: 'X' }, { at: 1, receipt: 'X' }], [{ receipt: 'R1' }], 1)).toEqual([
      [0, 'time', 'junkReceipt'],
      [-1, 'none', 'junkReceipt'],
    ]))

  it('is flagged on rows of one side alone', () => {
    expect(rulesOf(rows(3), [], 2)).toEqual(new Set(['none junkReceipt']))
    expect([...match([], rows(3), 2).ownFlags].map(flagNames)).toEqual([
      ['junkReceipt'],
      ['junkReceipt'],
      ['junkReceipt'],
    ])
    expect(rulesOf(rows(2), [], 2)).toEqual(new Set(['none']))
  })

  it('is flagged on a pair when only its confirmation has it', () =>
    expect(matched([{}], [{ receipt: 'X' }, { at: 900, receipt: 'X' }], 1)).toEqual([
      [0, 'time', 'junkReceipt'],
    ]))

  it('counts for each player, and without duplicates', () => {
    const two = [{ receipt: 'X' }, { receipt: 'X', player: 1 }]
    expect(rulesOf(two, [], 1)).toEqual(new Set(['none']))
    expect(rulesOf([{ receipt: 'X' }, { receipt: 'X', isDuplicate: true }], [], 1)).toEqual(
      new Set(['none']),
    )
  })
})

describe('many players', () => {
  it('of growing and falling size are matched as each alone', () => {
    const row = fc.record({
      at: fc.nat(4_000),
      receipt: fc.constantFrom('', '', 'R1', 'R2', 'R3', 'R4'),
    })
    const side = (rows: number) => fc.array(row, { minLength: rows >> 1, maxLength: rows })
    const inOrder = (rows: readonly RowCells[]) =>
      rows.toSorted((a, b) => (a.at ?? 0) - (b.at ?? 0))
    const player = fc
      .constantFrom(1, 3, 40, 200)
      .chain((rows) => fc.record({ ours: side(rows), theirs: side(rows) }))
    fc.assert(
      fc.property(fc.array(player, { maxLength: 8 }), (players) => {
        const all = (of: 'ours' | 'theirs') =>
          players.flatMap((rows, number) =>
            inOrder(rows[of]).map((cells) => ({ ...cells, player: number })),
          )
        let before = 0
        const alone = players.flatMap(({ ours, theirs }) => {
          const found = matched(inOrder(ours), inOrder(theirs), 9)
          const shifted = found.map(([partner, ...more]) => [
            ...[partner === -1 ? -1 : Number(partner) + before, ...more],
          ])
          before += theirs.length
          return shifted
        })
        expect(matched(all('ours'), all('theirs'), 9)).toEqual(alone)
      }),
      { numRuns: 200 },
    )
  })
})
