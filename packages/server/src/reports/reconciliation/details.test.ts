import { expect, it } from 'vitest'
import { type RowCells, rowsOf } from '../../../../../tests/reports/row-builders.ts'
import { createMatches } from './matches.ts'
import { orderDetails } from './reconciliation.ts'

type Ours = RowCells & { readonly matches?: number; readonly isDuplicate?: boolean }
type Theirs = RowCells & { readonly isDuplicate?: boolean }

/** The places of purchases and of confirmations, −1 for rows without a detail of their own. */
function places(ours: readonly Ours[], theirs: readonly Theirs[]) {
  const marksOf = (rows: readonly Theirs[]) =>
    Uint8Array.from(rows, ({ isDuplicate }) => (isDuplicate === true ? 1 : 0))
  const sides = {
    ...{ purchases: rowsOf(ours), purchaseMarks: marksOf(ours), players: 1 },
    ...{ confirmations: rowsOf(theirs), confirmationMarks: marksOf(theirs) },
  }
  const matches = createMatches(sides)
  const details = (rows: readonly Theirs[]) => rows.filter(({ isDuplicate }) => !isDuplicate).length
  const pairs = ours.filter((row) => row.matches !== undefined).length
  ours.forEach(({ matches: partner }, rank) => {
    if (partner === undefined) return
    matches.confirmations[rank] = partner
    matches.taken[partner] = 1
  })
  const order = [...orderDetails(sides, matches, details(ours) + details(theirs) - pairs)]
  return {
    ours: ours.map((_row, rank) => order.indexOf(rank)),
    theirs: theirs.map((_row, rank) => order.indexOf(-1 - rank)),
    count: order.length,
  }
}

it('details are in order of their instants, from both sides', () =>
  expect(places([{ at: 2 }, { at: 4 }], [{ at: 1 }, { at: 3 }, { at: 5 }])).toEqual({
    ...{ ours: [1, 3], theirs: [0, 2, 4], count: 5 },
  }))

it('at one instant af_only comes first, then confirmed_only, then matched', () =>
  expect(places([{ at: 9, matches: 1 }, { at: 9 }], [{ at: 9 }, { at: 9 }])).toEqual({
    ...{ ours: [2, 0], theirs: [1, -1], count: 3 },
  }))

it('within a type they keep the row order', () =>
  expect(places([{ matches: 0 }, {}, { matches: 2 }, {}], [{}, {}, {}, {}])).toEqual({
    ours: [4, 0, 5, 1],
    theirs: [-1, 2, -1, 3],
    count: 6,
  }))

it('a pair stands at the instant of its purchase, also when it was confirmed long before', () =>
  expect(places([{ at: 7 }, { at: 8, matches: 0 }], [{ at: 1 }])).toEqual({
    ...{ ours: [0, 1], theirs: [-1], count: 2 },
  }))

it('duplicates have no detail, on neither side', () =>
  expect(places([{}, { isDuplicate: true }], [{}, { isDuplicate: true }])).toEqual({
    ...{ ours: [0, -1], theirs: [1, -1], count: 2 },
  }))

it('of one side alone all are there, of none none', () => {
  expect(places([], [{}, {}])).toEqual({ ours: [], theirs: [0, 1], count: 2 })
  expect(places([{}, {}], [])).toEqual({ ours: [0, 1], theirs: [], count: 2 })
  expect(places([], [])).toEqual({ ours: [], theirs: [], count: 0 })
})

it('as many as were counted, or none at all', () => {
  const sides = {
    ...{ purchases: rowsOf([{}, {}]), purchaseMarks: new Uint8Array(2), players: 1 },
    ...{ confirmations: rowsOf([]), confirmationMarks: new Uint8Array(0) },
  }
  expect(() => orderDetails(sides, createMatches(sides), 1)).toThrow('2 details in place of 1')
})
