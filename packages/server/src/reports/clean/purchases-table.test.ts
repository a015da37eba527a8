import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { withLane } from '../../../../../tests/reports/lane.ts'
import type { PurchaseFindings } from '../inspect/inspect.ts'
import {
  createConfirmations,
  createPlayers,
  createPurchases,
  readConfirmations,
  readPurchases,
} from './clean.ts'

const HEADER = ['player', 'event', 'time', 'amount', 'campaign', 'receipt', 'status']
const AT = {
  ...{ player: 0, event: 1, time: 2, amount: 3, campaign: 4, receipt: 5, status: 6 },
  eventValue: null,
}
const NOTHING = {
  ...{ filtered: new Map(), rejected: new Map(), records: 0, candidates: 0 },
  ...{ times: new Map(), amounts: new Map(), ids: new Map(), badReceipts: new Set<string>() },
}
const FOUND: PurchaseFindings = {
  ...NOTHING,
  campaigns: new Map([
    ['Spring', 'SPRING'],
    ['', '(NONE)'],
  ]),
  ...{ statuses: ['success'], events: new Map([['purchase', 'purchase']]) },
  ...{ chargebacks: [], eventValues: new Map() },
}

type Cells = {
  player?: string
  time?: string
  amount?: string
  campaign?: string
  receipt?: string
}
const line = ({ player = 'P1', time = '12:00:00', amount = '4.99', ...more }: Cells): string =>
  [
    player,
    'purchase',
    `2026-03-10T${time}Z`,
    amount,
    more.campaign ?? 'Spring',
    more.receipt,
    'success',
  ].join(',')

/** Table `purchases` of a file of these rows, in its order. */
async function purchasesOf(rows: readonly Cells[], found: Partial<PurchaseFindings> = {}) {
  let purchases: readonly Readonly<Record<string, unknown>>[] = []
  await withLane(async ({ engine, folder }) => {
    const file = csvFile(join(folder, 'purchases_raw.csv'), HEADER, rows.map(line))
    await createPurchases(engine, file, AT, { ...FOUND, ...found })
    purchases = await engine.rows('SELECT * FROM purchases ORDER BY rowid')
  })
  return purchases
}

function csvFile(readPath: string, header: string[], lines: readonly string[]) {
  writeFileSync(readPath, [header.join(','), ...lines, ''].join('\n'))
  return { readPath, delimiter: ',' as const, parallel: true, header }
}

describe('purchases', () => {
  it('are in order of instant, amount, receipt, campaign key and player, empty receipts last', async () => {
    const sorted: Cells[] = [
      { time: '11:59:59.999999', amount: '9', receipt: 'Z' },
      { amount: '1', receipt: 'B' },
      { amount: '2', receipt: 'A', campaign: '' },
      { amount: '2', receipt: 'A', player: 'P2' },
      { amount: '2', receipt: 'A', player: 'P3' },
      { amount: '2', receipt: 'a' },
      { amount: '2', campaign: '' },
      { amount: '10' },
    ]
    const told = (rows: readonly Readonly<Record<string, unknown>>[]) =>
      rows.map(({ micros, receipt, campaign_key: key, player }) =>
        [micros, receipt, key, player].join(' '),
      )
    const expected = told(await purchasesOf(sorted))
    expect(expected).toEqual([
      ...['9000000 Z SPRING P1', '1000000 B SPRING P1', '2000000 A (NONE) P1'],
      ...['2000000 A SPRING P2', '2000000 A SPRING P3', '2000000 a SPRING P1'],
      ...['2000000  (NONE) P1', '10000000  SPRING P1'],
    ])
    expect(told(await purchasesOf(sorted.toReversed()))).toEqual(expected)
  })

  it('that differ only in how the campaign is written follow its text, an empty one last', async () => {
    const campaigns = new Map(['', ' ', 'N/A'].map((text) => [text, '(NONE)']))
    const rows = ['', 'N/A', ' '].map((campaign) => ({ campaign }))
    const found = await purchasesOf(rows, { campaigns })
    expect(found.map(({ campaign }) => campaign)).toEqual([' ', 'N/A', ''])
  })

  it('are no rows without player, time or amount, of a bad receipt, or of another name', async () => {
    const rows = [
      { player: '' },
      { time: 'noon' },
      { amount: 'free' },
      { amount: '0' },
      { receipt: 'TEST-1' },
      { campaign: 'Autumn' },
      { receipt: 'R1' },
    ]
    const found = await purchasesOf(rows, { badReceipts: new Set(['TEST-1']) })
    expect(found.map(({ receipt }) => receipt)).toEqual(['R1'])
  })

  it('have cells that are looked up as they were read, ids without what is around them', async () => {
    const [row] = await purchasesOf([{ player: ' P1 ', amount: '"4,50 €"', receipt: 'N/A' }], {
      amounts: new Map([['4,50 €', 4_500_000n]]),
      ids: new Map([
        [' P1 ', 'P1'],
        ['N/A', null],
      ]),
    })
    expect(row).toMatchObject({ player: 'P1', micros: 4_500_000n, receipt: null })
  })
})

describe('a chargeback', () => {
  const rows = [{ receipt: 'R1' }, { receipt: 'R2' }, {}]
  const chargebacksOf = async (...players: readonly string[]) => {
    const chargebacks = players.map((player) => ({ receipt: 'R1', player }))
    return (await purchasesOf(rows, { chargebacks })).map(({ chargeback }) => chargeback)
  }

  it.each<[string, string[], number]>([
    ['its own player', ['P1'], 1],
    ['its own player, twice', ['P1', 'P1'], 1],
    ['no player', [''], 1],
    ['no player and its own', ['', 'P1', ''], 1],
    ['another player', ['P2'], 2],
    ['its own player and another', ['P1', 'P2'], 2],
    ['no player and another', ['', 'P2'], 2],
  ])('by %s takes back the purchases of its receipt, and no other', async (_name, by, kind) =>
    expect(await chargebacksOf(...by)).toEqual([kind, 0, 0]),
  )

  it('takes nothing back where there is none', async () =>
    expect(await chargebacksOf()).toEqual([0, 0, 0]))
})

it('rows are read at their ranks, with the same number for a player on both sides', () =>
  withLane(async ({ engine, folder }) => {
    const rows = Array.from({ length: 3_000 }, (_value, n) => ({
      player: `P${n % 7}`,
      amount: `${n + 1}`,
    }))
    const file = csvFile(join(folder, 'purchases_raw.csv'), HEADER, rows.map(line))
    await createPurchases(engine, file, AT, FOUND)
    const header = ['player', 'time', 'amount', 'receipt']
    const lines = ['P9,2026-03-10T12:00:00Z,1,', 'P3,2026-03-10T12:00:01Z,2,R1']
    const confirmed = csvFile(join(folder, 'confirmed_purchases.csv'), header, lines)
    await createConfirmations(
      engine,
      confirmed,
      { player: 0, time: 1, amount: 2, receipt: 3 },
      NOTHING,
    )
    expect(await createPlayers(engine)).toBe(8)
    const purchases = await readPurchases(engine)
    const confirmations = await readConfirmations(engine)
    expect([...purchases.micros]).toEqual(rows.map((_row, rank) => (rank + 1) * 1e6))
    expect(purchases.players.every((number, rank) => number === purchases.players[rank % 7])).toBe(
      true,
    )
    expect([...confirmations.micros]).toEqual([1e6, 2e6])
    expect(confirmations.players[1]).toBe(purchases.players[3])
    expect(new Set([...purchases.players, ...confirmations.players]).size).toBe(8)
    expect([...confirmations.receipts.subarray(0, 2)]).toEqual([0, 0])
    expect(confirmations.receipts.subarray(2).some((half) => half !== 0)).toBe(true)
  }))
