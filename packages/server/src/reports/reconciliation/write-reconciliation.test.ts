import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { type RowCells, rowsOf, rowTextsOf } from '../../../../../tests/reports/row-builders.ts'
import { matchRows, orderDetails, summarize, writeReconciliation } from './reconciliation.ts'

const NOON = 1_773_144_000
/** Seconds from noon. */
type Row = RowCells & { readonly receipt?: string }

const PLAYERS = Array.from({ length: 5 }, (_value, player) => `P"${player}`)

/** `reconciliation.json` of these rows, in their order. */
async function reconciled(ours: readonly Row[], theirs: readonly Row[]): Promise<string> {
  const fromNoon = (rows: readonly Row[]) =>
    rows.map((row) => ({ ...row, at: NOON + (row.at ?? 0) }))
  const [purchases, confirmations] = [fromNoon(ours), fromNoon(theirs)]
  const sides = {
    ...{ purchases: rowsOf(purchases), purchaseMarks: new Uint8Array(ours.length), players: 5 },
    ...{ confirmations: rowsOf(confirmations), confirmationMarks: new Uint8Array(theirs.length) },
  }
  const textsOf = (rows: readonly Row[]) =>
    rowTextsOf(
      PLAYERS,
      rows.map(({ receipt = '' }) => receipt),
    )
  const texts = { purchases: textsOf(ours), confirmations: textsOf(theirs) }
  const matches = matchRows(sides, 1_000)
  const summary = summarize(sides, matches)
  const details = summary.matched + summary.afOnly + summary.confirmedOnly
  const order = orderDetails(sides, matches, details)
  const folder = mkdtempSync(join(tmpdir(), 'questline-reconciliation-'))
  const path = join(folder, 'reconciliation.json')
  try {
    await writeReconciliation(path, { sides, texts, matches, order, summary })
    return readFileSync(path, 'utf8')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const detailsOf = async (...parts: Parameters<typeof reconciled>) =>
  JSON.parse(await reconciled(...parts)).details

it('the file is a summary and one line for each detail, sorted by time', async () =>
  expect(
    await reconciled(
      [
        { usd: 4.99, at: 5 },
        { usd: 1.5, at: 900, player: 1 },
      ],
      [
        { usd: 5, at: 2.5 },
        { usd: 0.01, at: 60, player: 2, receipt: 'R2' },
      ],
    ),
  ).toBe(
    '{"summary":{"matched":1,"af_only":1,"confirmed_only":1,"matched_by_receipt":0,"matched_by_time":1,' +
      '"amount_mismatch":1,"revenue_usd":{"matched":4.99,"af_only":1.5,"confirmed_only":0.01}},\n' +
      '"details":[\n' +
      '{"type":"matched","appsflyer_id":"P\\"0","af_event_time_utc":"2026-03-10T12:00:05Z",' +
      '"cf_event_time_utc":"2026-03-10T12:00:02.5Z","event_time_utc":"2026-03-10T12:00:05Z",' +
      '"revenue_usd":4.99,"confirmed_revenue_usd":5,"receipt_id":null,"rule":"time",' +
      '"seconds_apart":-2.5,"flags":[]},\n' +
      '{"type":"confirmed_only","appsflyer_id":"P\\"2","af_event_time_utc":null,' +
      '"cf_event_time_utc":"2026-03-10T12:01:00Z","event_time_utc":"2026-03-10T12:01:00Z",' +
      '"revenue_usd":0.01,"confirmed_revenue_usd":0.01,"receipt_id":"R2","rule":null,' +
      '"seconds_apart":null,"flags":[]},\n' +
      '{"type":"af_only","appsflyer_id":"P\\"1","af_event_time_utc":"2026-03-10T12:15:00Z",' +
      '"cf_event_time_utc":null,"event_time_utc":"2026-03-10T12:15:00Z",' +
      '"revenue_usd":1.5,"confirmed_revenue_usd":null,"receipt_id":null,"rule":null,' +
      '"seconds_apart":null,"flags":[]}\n]}\n',
  ))

it('a purchase without receipt shows that of its confirmation, one with its own', async () =>
  expect(
    await detailsOf(
      [{ at: 0 }, { at: 5_000, receipt: 'R1' }],
      [
        { at: 0, receipt: 'R2' },
        { at: 5_000, receipt: 'R3' },
      ],
    ),
  ).toMatchObject([
    { receipt_id: 'R2', flags: [] },
    { receipt_id: 'R1', flags: ['receipt_mismatch'] },
  ]))

it('each of several purchases without receipt shows that of its own confirmation', async () =>
  expect(
    await detailsOf(
      [{ at: 0 }, { at: 5_000 }, { at: 9_000 }, { at: 12_000 }],
      [
        { at: 1, receipt: 'R2' },
        { at: 5_000 },
        { at: 9_000, receipt: 'R3' },
        { at: 12_000, receipt: 'R1' },
      ],
    ),
  ).toMatchObject(['R2', null, 'R3', 'R1'].map((receipt) => ({ receipt_id: receipt }))))

it('after a chargeback the purchase counts for nothing, what was confirmed stays', async () =>
  expect(await detailsOf([{ chargeback: 1 }], [{}])).toMatchObject([
    { type: 'matched', revenue_usd: 0, confirmed_revenue_usd: 4.99 },
  ]))

it('flags are sorted names, the rule and the distance are there for pairs by receipt', async () =>
  expect(await detailsOf([{ receipt: 'R1' }], [{ at: 86_400, receipt: 'R1' }])).toMatchObject([
    { rule: 'receipt', seconds_apart: 86_400, flags: ['outside_window'] },
  ]))

it('without rows it has no details', async () =>
  expect(await reconciled([], [])).toMatch(/\},\n"details":\[\]\}\n$/))
