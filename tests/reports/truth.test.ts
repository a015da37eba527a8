import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import {
  createCompute,
  type InputSummary,
  type RunSummary,
} from '../../packages/server/src/reports/reports.ts'
import {
  generateReportFiles,
  type ReportFilesSettings,
  type Truth,
  writeAppsflyerExport,
} from '../../packages/server/src/simulate/simulate.ts'
import { inputFiles } from './input-builders.ts'

/** Of each kind of traps; more for a long run. */
const SEEDS = Number(process.env['TRUTH_SEEDS'] ?? 4)
const SEED_MS_MAX = 5_000
const LAST_DAY = '2026-03-14'
const DAY_MS = 86_400_000

const ROOT = mkdtempSync(join(tmpdir(), 'questline-truth-'))
afterAll(() => rmSync(ROOT, { recursive: true, force: true }))

type Reports = { readonly summary: RunSummary; text(name: string): string }

/** The product's reports of the files in `data`, made `daysLater` than the last day of them. */
async function reportsOf(data: string, daysLater: number, date?: string): Promise<Reports> {
  const [scratch, target] = [
    mkdtempSync(join(ROOT, 'scratch-')),
    mkdtempSync(join(ROOT, 'target-')),
  ]
  const request = {
    ...{ data, scratch, target, inputZone: 'UTC', memoryLimitMb: 512, threads: 2 },
    ...(date === undefined ? {} : { date }),
    now: Date.parse(LAST_DAY) + daysLater * DAY_MS,
  }
  const silent = { stage: () => undefined, written: () => undefined }
  const told: number[] = []
  const onInputs = (bytes: number) => void told.push(bytes)
  const compute = createCompute({ monotonic: () => 0, memory: () => 0, onInputs })
  const summary = await compute(request, silent)
  expect(told).toEqual([summary.inputs.reduce((sum, { bytes }) => sum + bytes, 0)])
  return { summary, text: (name) => readFileSync(join(target, name), 'utf8') }
}

async function generated(change: Partial<ReportFilesSettings>) {
  const dir = mkdtempSync(join(ROOT, 'data-'))
  const settings = { purchases: 3_000, seed: 's', traps: 'all', lastDay: LAST_DAY } as const
  return { dir, truth: await generateReportFiles({ dir, ...settings, ...change }) }
}

/** What the reports say, in the words of the truth. */
function told({ summary, text }: Reports): Omit<Truth, 'traps' | 'lastDay' | 'purchaseDays'> {
  const [revenues, anomalies, arpdau] = ['roas_d1.json', 'roas_anomaly.json', 'arpdau_d1.json'].map(
    (name): JsonRow[] => JSON.parse(text(name)),
  )
  const all = arpdau?.find(({ campaign }) => campaign === '(ALL)')
  return {
    files: Object.fromEntries(summary.inputs.map((input) => [input.file, fatesOf(input)])) as Files,
    curated: curatedOf(text('purchases_curated.csv')),
    reconciliation: reconciliationOf(JSON.parse(text('reconciliation.json'))),
    campaigns: (revenues ?? []).map((row, at) => ({
      campaign: String(row['campaign']),
      revenueMicros: micros(row['revenue_usd']),
      costMicros: micros(row['ad_cost_usd']),
      days: Number(anomalies?.[at]?.['days']),
      anomaly: anomalies?.[at]?.['anomaly'] === true,
      severity: anomalies?.[at]?.['severity'] as Truth['campaigns'][number]['severity'],
    })),
    dau: Number(all?.['dau']),
  }
}

/** What the truth says, in so far as reports can: to them no cost is a cost of 0. */
function tellable({ traps: _, lastDay: __, purchaseDays: ___, ...truth }: Truth) {
  const campaigns = truth.campaigns.map((one) => ({ ...one, costMicros: one.costMicros ?? 0 }))
  return { ...truth, campaigns }
}

type Files = Truth['files']
type JsonRow = Readonly<Record<string, unknown>>

const fatesOf = ({ rows_in, kept, duplicates, filtered, rejected }: InputSummary) => ({
  ...{ rowsIn: rows_in, kept, duplicates, filtered, rejected },
})

/** Money of the files that are generated is far below what a double holds to the micro. */
const micros = (usd: unknown): number => Math.round(Number(usd) * 1e6)

function curatedOf(csv: string): Truth['curated'] {
  const rows = rowsOf(csv)
  const sum = (column: string): number =>
    rows.reduce((total, row) => total + micros(row[column]), 0)
  return {
    rows: rows.length,
    originalRevenueMicros: sum('original_revenue_usd'),
    revenueMicros: sum('revenue_usd'),
    chargedBack: rows.filter((row) => row['flags']?.split(';').includes('chargeback')).length,
  }
}

type Reconciliation = {
  readonly summary: Readonly<Record<string, number>>
  readonly details: readonly { readonly type: string; readonly flags: readonly string[] }[]
}

function reconciliationOf({ summary, details }: Reconciliation): Truth['reconciliation'] {
  const flagged = (flag: string): number =>
    details.filter(({ flags }) => flags.includes(flag)).length
  const types = (type: string): number => details.filter((detail) => detail.type === type).length
  expect([summary['matched'], summary['af_only'], summary['confirmed_only']]).toEqual(
    ['matched', 'af_only', 'confirmed_only'].map(types),
  )
  return {
    matchedByReceipt: summary['matched_by_receipt'] ?? Number.NaN,
    matchedByTime: summary['matched_by_time'] ?? Number.NaN,
    afOnly: summary['af_only'] ?? Number.NaN,
    confirmedOnly: summary['confirmed_only'] ?? Number.NaN,
    amountMismatch: summary['amount_mismatch'] ?? Number.NaN,
    receiptMismatch: flagged('receipt_mismatch'),
    outsideWindow: flagged('outside_window'),
  }
}

/** Rows of our own CSV, whose cells may hold commas, quotes and line breaks. */
function rowsOf(csv: string): Readonly<Record<string, string>>[] {
  const rows: string[][] = [[]]
  for (const [, quoted, plain, end] of csv.matchAll(/(?:"((?:[^"]|"")*)"|([^",\n]*))([,\n])/g)) {
    rows.at(-1)?.push(quoted?.replaceAll('""', '"') ?? plain ?? '')
    if (end === '\n') rows.push([])
  }
  const [head = [], ...body] = rows.slice(0, -1)
  return body.map((cells) => Object.fromEntries(head.map((name, at) => [name, cells[at] ?? ''])))
}

/** Rows of `rejected_rows.csv` by file and reason. */
function rejectedOf(csv: string): Readonly<Record<string, Readonly<Record<string, number>>>> {
  const counts: Record<string, Record<string, number>> = {}
  for (const { file = '', reason = '' } of rowsOf(csv)) {
    const of = counts[file] ?? {}
    counts[file] = { ...of, [reason]: (of[reason] ?? 0) + 1 }
  }
  return counts
}

describe.each(['none', 'values', 'all'] as const)('of files with %s of the traps', (traps) => {
  it.each(Array.from({ length: SEEDS }, (_, at) => at))(
    'the reports say what was put into them: seed %i',
    async (at) => {
      const purchases = [3_000, 251, 700, 9_000, 1_500][at % 5] ?? 250
      const seed = `truth ${at}`
      const { dir, truth } = await generated({ traps, purchases, seed, days: 4 + ((at * 7) % 17) })
      const reports = await reportsOf(dir, 1, truth.lastDay)
      expect(told(reports)).toEqual(tellable(truth))
      const rejected = Object.entries(truth.files).map(([file, of]) => [file, of.rejected] as const)
      expect(rejectedOf(reports.text('rejected_rows.csv'))).toEqual(
        Object.fromEntries(rejected.filter(([, reasons]) => Object.keys(reasons).length > 0)),
      )
    },
    SEED_MS_MAX * 4,
  )
})

describe('D-1 of generated files', () => {
  it('is the newest day with purchases on the day after it, and the one before it later', async () => {
    const { dir, truth } = await generated({ purchases: 700 })
    const [newest, second] = truth.purchaseDays
    expect(newest).toBe(LAST_DAY)
    const nextDay = await reportsOf(dir, 1)
    expect(nextDay.summary.d1).toEqual({ date: newest, reason: 'yesterday' })
    const later = await reportsOf(dir, 3)
    expect(later.summary.d1).toEqual({ date: second, reason: 'second-newest-day' })
  })
})

describe("AppsFlyer's own export", () => {
  const exported = async (spelling: 'display' | 'api') => {
    const dir = mkdtempSync(join(ROOT, `export-${spelling}-`))
    const { confirmations, costs, sessions } = inputFiles()
    const others = { confirmed_purchases: confirmations, costs_daily: costs, sessions }
    for (const [name, text] of Object.entries(others)) {
      await writeFile(join(dir, `${name}.csv`), text)
    }
    const path = join(dir, 'purchases_raw.csv')
    const file = { path, rows: 400, seed: 's', lastDay: LAST_DAY, spelling }
    const truth = await writeAppsflyerExport(file)
    return { truth, reports: await reportsOf(dir, 1, LAST_DAY) }
  }

  it.each(['display', 'api'] as const)('is read as it is, with its %s names', async (spelling) => {
    const { truth, reports } = await exported(spelling)
    const [purchases] = reports.summary.inputs
    expect(purchases && fatesOf(purchases)).toEqual({
      ...{ rowsIn: truth.rowsIn, kept: truth.purchases.length, duplicates: 0, rejected: {} },
      filtered: { 'not-a-purchase': truth.otherEvents },
    })
    const lines = (rows: readonly (readonly unknown[])[]) => rows.map((row) => row.join()).sort()
    const curated = rowsOf(reports.text('purchases_curated.csv')).map((row) => [
      ...[row['appsflyer_id'], row['event_time_utc'], micros(row['revenue_usd'])],
      ...[row['campaign'], row['receipt_id'], row['event_name'], row['status']],
    ])
    const sold = truth.purchases.map(({ appsflyerId, at, revenueMicros, campaign, receipt }) => [
      ...[appsflyerId, new Date(at * 1_000).toISOString().replace('.000', ''), revenueMicros],
      ...[campaign, receipt, 'af_purchase', 'success'],
    ])
    expect(lines(curated)).toEqual(lines(sold))
  })
})
