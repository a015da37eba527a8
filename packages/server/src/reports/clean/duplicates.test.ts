import { describe, expect, it } from 'vitest'
import { type RowCells, rowsOf } from '../../../../../tests/reports/row-builders.ts'
import { MARK, markConfirmations, markPurchases } from './clean.ts'

const KEPT = 0
const { duplicate, campaignDiffers, duplicateReceipt } = MARK

const purchaseMarks = (...cells: readonly RowCells[]) => [...markPurchases(rowsOf(cells))]
const confirmationMarks = (...cells: readonly RowCells[]) => [...markConfirmations(rowsOf(cells))]

describe('purchases that agree in player, instant, event and amount', () => {
  it('are one: the first in row order is kept', () =>
    expect(purchaseMarks({}, {}, {})).toEqual([KEPT, duplicate, duplicate]))

  it.each<[string, RowCells]>([
    ['player', { player: 1 }],
    ['instant', { at: 0.000001 }],
    ['event', { isAf: true }],
    ['amount', { usd: 4.990001 }],
  ])('are two when they differ in %s', (_name, other) =>
    expect(purchaseMarks({}, other)).toEqual([KEPT, KEPT]),
  )

  it('are one per receipt: rows without receipt are duplicates of the first', () =>
    expect(
      purchaseMarks(...['R1', 'R1', 'R2', 'R2', 'R3', '', ''].map((receipt) => ({ receipt }))),
    ).toEqual([KEPT, duplicate, KEPT, duplicate, KEPT, duplicate, duplicate]))

  it('are told apart among those of others at the same instant for the same amount', () =>
    expect(
      purchaseMarks({ player: 1 }, { player: 2 }, { player: 1, isAf: true }, { player: 1 }),
    ).toEqual([KEPT, KEPT, KEPT, duplicate]))

  it.each<[string, [number, number]]>([
    ['first', [7, 2]],
    ['second', [8, 1]],
  ])('have two receipts where only the %s half of the hashes is the same', (_name, receipt) =>
    expect(purchaseMarks({ receipt: [7, 1] }, { receipt })).toEqual([KEPT, KEPT]),
  )
})

describe('campaign_differs', () => {
  it('is on the kept row, where a row that is dropped for it names another campaign', () => {
    expect(purchaseMarks({ campaign: 1 }, { campaign: 1 })).toEqual([KEPT, duplicate])
    expect(purchaseMarks({ campaign: 1 }, { campaign: 2 })).toEqual([campaignDiffers, duplicate])
  })

  it('is on the row of the same receipt, and for rows without receipt on the first', () =>
    expect(
      purchaseMarks(
        { receipt: 'R1' },
        { receipt: 'R2' },
        { receipt: 'R2', campaign: 2 },
        { receipt: '' },
      ),
    ).toEqual([KEPT, campaignDiffers, duplicate, duplicate]))

  it('is on the first of a group with receipts, when a row without one differs', () =>
    expect(purchaseMarks({ receipt: 'R1' }, { receipt: 'R2' }, { campaign: 2 })).toEqual([
      campaignDiffers,
      KEPT,
      duplicate,
    ]))
})

describe('duplicate_receipt', () => {
  it('is on every kept row of a receipt that comes again, on whichever player', () =>
    expect(
      purchaseMarks(
        { receipt: 'R1' },
        { receipt: 'R2', at: 1 },
        { receipt: 'R1', at: 60 },
        { receipt: 'R1', at: 99, player: 1 },
      ),
    ).toEqual([duplicateReceipt, KEPT, duplicateReceipt, duplicateReceipt]))

  it('is not on a row whose only double was dropped', () =>
    expect(purchaseMarks({ receipt: 'R1' }, { receipt: 'R1' })).toEqual([KEPT, duplicate]))

  it('is on no row without receipt', () =>
    expect(purchaseMarks({ at: 1 }, { at: 2 }, { at: 3 })).toEqual([KEPT, KEPT, KEPT]))

  it('is not on receipts that only share a half of their hashes', () =>
    expect(
      purchaseMarks(
        { receipt: [7, 1], at: 1 },
        { receipt: [7, 2], at: 2 },
        { receipt: [8, 1], at: 3 },
      ),
    ).toEqual([KEPT, KEPT, KEPT]))

  it('stands beside campaign_differs', () =>
    expect(
      purchaseMarks({ receipt: 'R1' }, { receipt: 'R1', campaign: 2 }, { receipt: 'R1', at: 60 }),
    ).toEqual([campaignDiffers | duplicateReceipt, duplicate, duplicateReceipt]))
})

describe('confirmations', () => {
  it('that agree in player, instant, amount and receipt are one', () =>
    expect(confirmationMarks({ receipt: 'R1' }, { receipt: 'R1' }, {}, {})).toEqual([
      KEPT,
      duplicate,
      KEPT,
      duplicate,
    ]))

  it.each<[string, RowCells]>([
    ['player', { player: 1 }],
    ['instant', { at: 1 }],
    ['amount', { usd: 5 }],
    ['receipt', { receipt: 'R2' }],
    ['receipt, which one lacks', { receipt: '' }],
  ])('are two when they differ in %s', (_name, other) =>
    expect(confirmationMarks({ receipt: 'R1' }, { receipt: 'R1', ...other })).toEqual([KEPT, KEPT]),
  )

  it('are told apart among those of others at the same instant for the same amount', () =>
    expect(confirmationMarks({ player: 2 }, { player: 1 }, { player: 2 })).toEqual([
      KEPT,
      KEPT,
      duplicate,
    ]))
})

describe('a day that an import gave one instant to all rows', () => {
  /** Each with each of them would be 10^10 comparisons. */
  const ROWS = 200_000
  const count = (marks: Uint8Array, mark: number): number =>
    marks.reduce((sum, own) => sum + (own === mark ? 1 : 0), 0)

  it('keeps one row per player of 200,000 rows at one instant', () => {
    const rows = rowsOf(Array.from({ length: ROWS }, (_value, n) => ({ player: n % 50_000 })))
    expect(count(markPurchases(rows), duplicate)).toBe(150_000)
    expect(count(markConfirmations(rows), duplicate)).toBe(150_000)
  })

  it('keeps all 200,000 receipts of one player at one instant', () => {
    const receipts = Array.from({ length: ROWS }, (_value, n) => ({ receipt: `${n}` }))
    expect(count(markPurchases(rowsOf(receipts)), KEPT)).toBe(ROWS)
  })

  it('flags one receipt on 200,000 players', () => {
    const rows = rowsOf(
      Array.from({ length: ROWS }, (_value, n) => ({ player: n, receipt: 'NULL-0' })),
    )
    expect(count(markPurchases(rows), duplicateReceipt)).toBe(ROWS)
  })
})

it('no rows have no marks', () => {
  expect(purchaseMarks()).toEqual([])
  expect(confirmationMarks()).toEqual([])
})
