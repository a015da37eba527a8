import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { SaleRows } from '../inspect/inspect.ts'
import { createTextList, createTextNumbers } from '../texts/texts.ts'
import { orderConfirmations } from './confirmation-order.ts'
import { orderInstants } from './order-instants.ts'
import { orderPurchases } from './purchase-order.ts'

const COLUMNS = {
  ...{ player: 0, event: 1, time: 2, amount: 3, campaign: 4, receipt: 5, status: 6 },
  eventValue: null,
}
const SALE_COLUMNS = { player: 0, time: 2, amount: 3, receipt: 5 }

/** A row as it was read: cells, and what they mean. */
type Row = {
  readonly player: string
  readonly event: string
  readonly time: string
  readonly amount: string
  readonly campaign: string
  readonly receipt: string
  readonly status: string
}
const PLAIN: Row = {
  ...{ player: 'P1', event: 'purchase', time: '12:00', amount: '2', campaign: 'Spring' },
  ...{ receipt: '', status: 'success' },
}
const row = (changes: Partial<Row>): Row => ({ ...PLAIN, ...changes })
const cellsOf = (of: Row): readonly string[] =>
  [of.player, of.event, of.time, of.amount, of.campaign, of.receipt, of.status].map(String)

const minutesOf = (time: string): number => {
  const [hours = '', minutes = ''] = time.split(':')
  return Number(hours) * 60 + Number(minutes)
}

/** Columns of these rows, as an inspection leaves them. */
function columnsOf(rows: readonly Row[]) {
  const size = { texts: 4, bytes: 4 }
  const [players, receiptTexts] = [createTextNumbers(size), createTextList(size)]
  const numberOf = (text: string): number => {
    const bytes = Buffer.from(text)
    return players.numberOf(bytes, 0, bytes.length)
  }
  const numbers = Int32Array.from(rows, ({ player }) => numberOf(player.trim()))
  for (const { receipt } of rows) {
    const bytes = Buffer.from(receipt.trim())
    receiptTexts.add(bytes, 0, bytes.length)
  }
  const kinds = rows.map(({ event, campaign, status }) => ({
    ...{ event, campaign, status, folded: event.trim().toLowerCase() },
    campaignKey: campaign.trim().toUpperCase() || '(NONE)',
  }))
  const sales: SaleRows = {
    count: rows.length,
    instants: Float64Array.from(rows, ({ time }) => minutesOf(time) * 60e6),
    micros: Float64Array.from(rows, ({ amount }) => Number(amount) * 1e6),
    players: numbers,
    playerTexts: { ...players.texts(), count: players.count },
    receipts: new Int32Array(rows.length * 2),
    receiptTexts: receiptTexts.texts(),
    places: new Float64Array(rows.length),
    hasOddIds: rows.some(({ player, receipt }) => /^ | $/.test(player + receipt)),
  }
  return { rows: sales, kinds, kindNumbers: Int32Array.from(rows, (_row, at) => at) }
}

function ordered(rows: readonly Row[]): readonly Row[] {
  const order = orderPurchases(columnsOf(rows), COLUMNS, (at) => cellsOf(rows[at] ?? PLAIN))
  return [...order].map((at) => rows[at] ?? PLAIN)
}
function orderedConfirmations(rows: readonly Row[]): readonly Row[] {
  const sales = columnsOf(rows).rows
  const order = orderConfirmations(sales, SALE_COLUMNS, (at) => cellsOf(rows[at] ?? PLAIN))
  return [...order].map((at) => rows[at] ?? PLAIN)
}

describe('purchases', () => {
  it('are in order of instant, amount, receipt, campaign key and player, empty receipts last', () => {
    const sorted = [
      row({ time: '11:59', amount: '9', receipt: 'Z' }),
      row({ amount: '1', receipt: 'B' }),
      row({ amount: '2', receipt: 'A', campaign: '' }),
      row({ amount: '2', receipt: 'A', player: 'P2' }),
      row({ amount: '2', receipt: 'A', player: 'P3' }),
      row({ amount: '2', receipt: 'AB' }),
      row({ amount: '2', receipt: 'a' }),
      row({ amount: '2', campaign: '' }),
      row({ amount: '10' }),
    ]
    expect(ordered(sorted)).toEqual(sorted)
    expect(ordered(sorted.toReversed())).toEqual(sorted)
  })

  it('that are equal so far follow their texts as read: event, time, amount, campaign, status', () => {
    const sorted = [
      row({ event: 'Purchase', status: 'success' }),
      row({ event: 'purchase', time: '12:0' }),
      row({ event: 'purchase', time: '12:00', amount: '2.0', campaign: 'SPRING' }),
      row({ event: 'purchase', time: '12:00', amount: '2.00', campaign: 'SPRING' }),
      row({ event: 'purchase', amount: '2.00', campaign: 'spring', status: 'SUCCESS' }),
      row({ event: 'purchase', amount: '2.00', campaign: 'spring', status: 'success' }),
    ]
    expect(ordered(sorted.toReversed())).toEqual(sorted)
  })

  it('follow players and receipts as they were read, where some had to be cleaned', () => {
    const sorted = [row({ player: ' P2' }), row({ player: 'P1' }), row({ player: 'P1 ' })]
    expect(ordered(sorted.toReversed())).toEqual(sorted)
    const receipts = [row({ receipt: ' R' }), row({ receipt: 'R' }), row({ receipt: 'R ' })]
    const told = receipts.map((each, at) => ({ ...each, status: `s${3 - at}` }))
    expect(ordered(told.toReversed())).toEqual(told)
  })

  it('of any number have the same order, whatever the order of the file', () => {
    const cell = (...texts: string[]) => fc.constantFrom(...texts)
    const rows = fc.array(
      fc.record({
        player: cell('P1', 'P2', ' P1', 'P'),
        event: cell('purchase', 'Purchase'),
        time: cell('12:00', '12:0', '11:59'),
        amount: cell('2', '2.0', '3'),
        campaign: cell('Spring', 'SPRING', ''),
        receipt: cell('', 'R1', 'R2', ' R1'),
        status: cell('success', 'SUCCESS'),
      }),
      { minLength: 2, maxLength: 80 },
    )
    fc.assert(
      fc.property(rows, fc.infiniteStream(fc.nat(1e6)), (some, random) => {
        const shuffled = some
          .map((each) => ({ each, at: random.next().value }))
          .sort((a, b) => a.at - b.at)
          .map(({ each }) => each)
        expect(ordered(shuffled)).toEqual(ordered(some))
      }),
      { numRuns: 300 },
    )
  })
})

describe('confirmations', () => {
  it('are in order of instant, amount, receipt and player as read', () => {
    const sorted = [
      row({ time: '11:59', amount: '9' }),
      row({ receipt: 'A', player: ' P9' }),
      row({ receipt: 'A', player: 'P1' }),
      row({ receipt: 'A', player: 'P2' }),
      row({ receipt: 'B' }),
      row({}),
      row({ amount: '3', receipt: 'A' }),
    ]
    expect(orderedConfirmations(sorted.toReversed())).toEqual(sorted)
    const plain = sorted.filter(({ player }) => player !== ' P9')
    expect(orderedConfirmations(plain.toReversed())).toEqual(plain)
  })
})

describe('instants', () => {
  const instant = fc.oneof(
    fc.integer({ min: 0, max: 5 }),
    fc.integer({ min: 1_772_637_377, max: 1_772_647_377 }).map((second) => second * 1e6),
    fc.integer({ min: 0, max: 7_258_118_399_999_999 }),
  )

  it('of any spread are put in order, equal ones as they come', () => {
    fc.assert(
      fc.property(fc.array(instant, { maxLength: 200 }), (values) => {
        const expected = values
          .map((value, at) => ({ value, at }))
          .sort((a, b) => a.value - b.value || a.at - b.at)
          .map(({ at }) => at)
        const instants = Float64Array.from([...values, 0])
        expect([...orderInstants(instants, values.length)]).toEqual(expected)
      }),
    )
  })
})
