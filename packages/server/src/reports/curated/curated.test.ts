import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { withLane } from '../../../../../tests/reports/lane.ts'
import { rowsOf } from '../../../../../tests/reports/row-builders.ts'
import { createTextRows } from '../engine/engine.ts'
import { CURATED_CODES, writeCurated } from './curated.ts'

const NAMES = {
  ...{ statuses: ['SUCCESS ', 'success'], events: ['af_purchase', 'purchase'] },
  ...{ campaigns: ['=1+1', 'Spring, "early"'], campaignKeys: ['=1+1', 'SPRING, "EARLY"'] },
}
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

/** The lines of the file when `purchases` holds these rows, in this order. */
async function linesOf(rows: readonly Row[]): Promise<readonly string[]> {
  let lines: readonly string[] = []
  const quoted = (value: string): string => `'${value.replaceAll("'", "''")}'`
  const list = (values: readonly string[]): string => values.map(quoted).join(', ')
  const values = rows.map(({ player = 'P1', instant = NOON, micros = 4_990_000, ...row }) => {
    const receipt = row.receipt === undefined ? 'NULL' : quoted(row.receipt)
    const campaign = row.campaign ?? 1
    const names = [
      row.event ?? 'purchase',
      row.status ?? 'success',
      NAMES.campaigns[campaign] ?? '',
    ]
    const key = quoted(NAMES.campaignKeys[campaign] ?? '')
    return `(${quoted(player)}, ${instant}, ${micros}, ${receipt}, ${list(names)}, ${key}, ${row.chargeback ?? 0})`
  })
  await withLane(async ({ engine, folder }) => {
    await engine.run(`
      CREATE TYPE event_name AS ENUM (${list(NAMES.events)});
      CREATE TYPE status_name AS ENUM (${list(NAMES.statuses)});
      CREATE TYPE campaign_name AS ENUM (${list(NAMES.campaigns)});
      CREATE TYPE campaign_key AS ENUM (${list(NAMES.campaignKeys)});
      CREATE TABLE purchases (player VARCHAR, instant BIGINT, micros BIGINT, receipt VARCHAR,
        event event_name, status status_name, campaign campaign_name, campaign_key campaign_key,
        chargeback UTINYINT);
      ${rows.length === 0 ? '' : `INSERT INTO purchases VALUES ${values.join(', ')};`}`)
    const path = join(folder, 'purchases_curated.csv')
    const purchases = rowsOf(
      rows.map(({ instant = NOON, micros = 4_990_000, chargeback = 0, campaign = 1 }) => ({
        ...{ at: instant / 1e6, usd: micros / 1e6, chargeback, campaign },
      })),
    )
    const purchaseMarks = Uint8Array.from(rows, ({ mark = 0 }) => mark)
    const texts = createTextRows(engine, {
      ...{ table: 'purchases', rows: rows.length, rowBytes: 1 },
      ...{ texts: ['player', 'receipt'], codes: CURATED_CODES },
    })
    await writeCurated(path, { purchases, purchaseMarks }, NAMES, texts)
    lines = readFileSync(path, 'utf8').split('\n')
  })
  return lines
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

it('without purchases the file is its header', async () =>
  expect(await linesOf([])).toEqual([HEADER, '']))
