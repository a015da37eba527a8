import { describe, expect, it } from 'vitest'
import type { PurchaseFindings } from '../inspect/inspect.ts'
import { createTextNumbers, type TextNumbers } from '../texts/texts.ts'
import { joinPlayers, rankPurchases } from './clean.ts'

const numbersOf = (...names: readonly string[]): TextNumbers => {
  const numbers = createTextNumbers({ texts: 1, bytes: 1 })
  for (const name of names) {
    const bytes = Buffer.from(name)
    numbers.numberOf(bytes, 0, bytes.length)
  }
  return numbers
}

/** Rows of player 0 with the receipts R1, R2 and none, by their hashes. */
function found(changes: Partial<PurchaseFindings> = {}): PurchaseFindings {
  const players = numbersOf('P1', 'P2')
  const playerTexts = { ...players.texts(), count: players.count }
  const kind = { status: 'success', event: 'purchase', folded: 'purchase' }
  return {
    ...{ filtered: new Map(), rejected: new Map(), records: 3, players, chargebacks: [] },
    kinds: [
      { ...kind, campaign: 'Spring', campaignKey: 'SPRING' },
      { ...kind, campaign: 'x', campaignKey: 'X', folded: 'af_purchase' },
      { ...kind, campaign: 'spring', campaignKey: 'SPRING' },
    ],
    kindNumbers: Int32Array.of(0, 1, 2),
    rows: {
      count: 3,
      instants: Float64Array.of(30, 10, 20),
      micros: Float64Array.of(3, 1, 2),
      players: Int32Array.of(0, 0, 0),
      receipts: Int32Array.of(11, 12, 21, 22, 0, 0),
      receiptTexts: { bytes: new Uint8Array(0), starts: new Uint32Array(4) },
      places: new Float64Array(3),
      ...{ playerTexts, hasOddIds: false },
    },
    ...changes,
  }
}

describe('purchases by rank', () => {
  it('have what they had by row', () => {
    const rows = rankPurchases(found(), Int32Array.of(1, 2, 0))
    expect([...rows.instants]).toEqual([10, 20, 30])
    expect([...rows.micros]).toEqual([1, 2, 3])
    expect([...rows.receipts]).toEqual([21, 22, 0, 0, 11, 12])
    expect([...rows.kinds]).toEqual([1, 2, 0])
    expect([...rows.kinds].map((kind) => rows.campaignKeys[kind])).toEqual([1, 0, 0])
    expect([...rows.kinds].map((kind) => rows.isAf[kind])).toEqual([1, 0, 0])
  })
})

describe('a chargeback', () => {
  const chargebacksOf = (...players: readonly number[]) => {
    const chargebacks = players.map((player) => ({ receipt: [11, 12] as const, player }))
    return [...rankPurchases(found({ chargebacks }), Int32Array.of(0, 1, 2)).chargebacks]
  }

  it.each<[string, number[], number]>([
    ['its own player', [0], 1],
    ['its own player, twice', [0, 0], 1],
    ['no player', [-1], 1],
    ['no player and its own', [-1, 0, -1], 1],
    ['another player', [1], 2],
    ['its own player and another', [0, 1], 2],
    ['no player and another', [-1, 1], 2],
  ])('by %s takes back the purchases of its receipt, and no other', (_name, by, kind) =>
    expect(chargebacksOf(...by)).toEqual([kind, 0, 0]),
  )

  it('takes nothing back where there is none', () => expect(chargebacksOf()).toEqual([0, 0, 0]))

  it('of a receipt that shares half of its hash takes nothing back', () => {
    const chargebacks = [
      { receipt: [11, 13] as const, player: 0 },
      { receipt: [10, 12] as const, player: 0 },
    ]
    const rows = rankPurchases(found({ chargebacks }), Int32Array.of(0, 1, 2))
    expect([...rows.chargebacks]).toEqual([0, 0, 0])
  })
})

it('a player has one number on both sides', () => {
  const first = numbersOf('P1', 'P2')
  const second = numbersOf('P3', 'P2')
  const players = Int32Array.of(1, 0, 1)
  const rows = {
    ...{ count: 3, instants: new Float64Array(3), micros: new Float64Array(3) },
    ...{ players, receipts: new Int32Array(6) },
  }
  expect(joinPlayers(first, { ...second.texts(), count: second.count }, rows)).toBe(3)
  expect([...players]).toEqual([1, 2, 1])
})
