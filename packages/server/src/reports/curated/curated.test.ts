import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { rowsOf, rowTextsOf } from '../../../../../tests/reports/row-builders.ts'
import { writeCurated } from './curated.ts'

const CAMPAIGNS = ['=1+1', 'Spring, "early"']
const KEYS = ['=1+1', 'SPRING, "EARLY"']
const HEADER =
  'appsflyer_id,event_name,event_time_utc,revenue_usd,campaign,receipt_id,status,campaign_norm,original_revenue_usd,flags'
const NOON = 1_773_144_000_000_000

type Row = {
  player?: string
  instant?: number
  micros?: number
  receipt?: string
  event?: string
  status?: string
  campaign?: 0 | 1
  chargeback?: 0 | 1 | 2
  mark?: number
}

/** The lines of the file when these are the rows, in this order. */
async function linesOf(rows: readonly Row[]): Promise<readonly string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'questline-curated-'))
  const path = join(folder, 'purchases_curated.csv')
  // A kind for each row, as the builder of rows has it.
  const kinds = rows.map(({ event = 'purchase', status = 'success', campaign = 1 }) => ({
    ...{ event, status, folded: event },
    ...{ campaign: CAMPAIGNS[campaign] ?? '', campaignKey: KEYS[campaign] ?? '' },
  }))
  const purchases = rowsOf(
    rows.map(({ instant = NOON, micros = 4_990_000, chargeback = 0 }, rank) => ({
      ...{ at: instant / 1e6, usd: micros / 1e6, chargeback, player: rank },
    })),
  )
  const purchaseMarks = Uint8Array.from(rows, ({ mark = 0 }) => mark)
  const texts = rowTextsOf(
    rows.map(({ player = 'P1' }) => player),
    rows.map(({ receipt = '' }) => receipt),
  )
  try {
    await writeCurated(path, kinds, { purchases, purchaseMarks, texts })
    return readFileSync(path, 'utf8').split('\n')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

it('a purchase is a line: names as read, campaign and key, amount twice, no flags', async () =>
  expect(await linesOf([{ receipt: 'R1', campaign: 1, status: 'SUCCESS ' }])).toEqual([
    HEADER,
    'P1,purchase,2026-03-10T12:00:00Z,4.99,"Spring, ""early""",R1,SUCCESS ,"SPRING, ""EARLY""",4.99,',
    '',
  ]))

it('what a spreadsheet would run gets an apostrophe; a row without receipt an empty cell', async () =>
  expect((await linesOf([{ player: '@cmd', campaign: 0, instant: NOON + 500_000 }]))[1]).toBe(
    "'@cmd,purchase,2026-03-10T12:00:00.5Z,4.99,'=1+1,,success,'=1+1,4.99,",
  ))

it('after a chargeback it counts for nothing and keeps what it was', async () => {
  const lines = await linesOf([
    { chargeback: 1, receipt: 'R1' },
    { chargeback: 2, receipt: 'R2', micros: 1_234_567 },
  ])
  expect(lines.slice(1, 3).map((line) => line.split(',').toSpliced(4, 2, '…').join(','))).toEqual([
    'P1,purchase,2026-03-10T12:00:00Z,0.00,…,R1,success,"SPRING, ""EARLY""",4.99,chargeback',
    'P1,purchase,2026-03-10T12:00:00Z,0.00,…,R2,success,"SPRING, ""EARLY""",1.234567,chargeback;receipt_on_two_players',
  ])
})

it('flags are sorted and joined by semicolons', async () => {
  const flags = (await linesOf([{ mark: 2 }, { mark: 4 }, { mark: 6, chargeback: 2 }])).slice(1, 4)
  expect(flags.map((line) => line.split(',').at(-1))).toEqual([
    'campaign_differs',
    'duplicate_receipt',
    'campaign_differs;chargeback;duplicate_receipt;receipt_on_two_players',
  ])
})

it('duplicates are left out, the others stay in their order', async () => {
  const rows = ['P2', 'P1', 'P3'].map((player, index) => ({ player, mark: index === 1 ? 1 : 0 }))
  const players = (await linesOf(rows)).slice(1, -1).map((line) => line.split(',')[0])
  expect(players).toEqual(['P2', 'P3'])
})

it('many rows are as many lines', async () => {
  const rows = Array.from({ length: 2_000 }, (_value, n) => ({ player: `P${n}`, receipt: `R${n}` }))
  const cells = (await linesOf(rows)).slice(1, -1).map((line) => line.split(','))
  expect(cells.map(([player]) => player)).toEqual(rows.map(({ player }) => player))
  expect(cells.map((line) => line[6])).toEqual(rows.map(({ receipt }) => receipt))
})

it('without purchases the file is its header', async () =>
  expect(await linesOf([])).toEqual([HEADER, '']))
