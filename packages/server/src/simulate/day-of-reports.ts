import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createExpectations, type Expectations, type Mismatch } from './expectations.ts'
import { generateReportFiles, type Truth } from './reports/reports.ts'
import { createWire } from './wire.ts'

export type DayOfReportsParts = {
  readonly baseUrl: string
  readonly fetch: typeof globalThis.fetch
}

export type DayOfReportsSettings = {
  /** Where the server reads its CSV files; four of them are written, or written anew. */
  readonly dataDir: string
  /** Where the server writes its reports. */
  readonly reportsDir: string
  /** At least 250. */
  readonly purchases: number
  readonly seed: string
  /** The last UTC day of the files, YYYY-MM-DD. */
  readonly lastDay: string
}

export type DayOfReports = {
  /** Null when there are no new reports. */
  readonly run: string | null
  readonly rows: number
  /** What the server said of it, for people. */
  readonly summary: string
  readonly mismatches: readonly Mismatch[]
}

/**
 * A studio's day: files with every fault of real exports are put down, the server is asked for the
 * reports, and they must account for each row as it was planted. Never rejects because of the server.
 */
export async function playDayOfReports(
  parts: DayOfReportsParts,
  settings: DayOfReportsSettings,
): Promise<DayOfReports> {
  const { dataDir, reportsDir, purchases, seed, lastDay } = settings
  const files = { dir: dataDir, purchases, seed, lastDay }
  const truth = await generateReportFiles({ ...files, traps: 'all' })
  const expect = createExpectations()
  const answer = await createWire(parts).send({ method: 'POST', path: '/run-pipeline' })
  const { ok, run, stdout, stderr } = answer.body
  const isMade =
    expect.answered('the reports', answer, 200) &&
    expect.same('the end of the run', { ok, stderr }, { ok: true, stderr: '' })
  if (isMade) await expectTruth(expect, join(reportsDir, 'run.json'), { run, truth })
  return {
    run: isMade && typeof run === 'string' ? run : null,
    rows: Object.values(truth.files).reduce((sum, { rowsIn }) => sum + rowsIn, 0),
    // Its first line says only that it went well.
    summary: String(stdout ?? '').replace(/^.*\n/, ''),
    mismatches: expect.mismatches(),
  }
}

/** What `run.json` says, in so far as it is compared. */
type RunRecord = {
  readonly run: string
  readonly inputs: readonly {
    readonly file: string
    readonly rows_in: number
    readonly kept: number
    readonly duplicates: number
    readonly filtered: Readonly<Record<string, number>>
    readonly rejected: Readonly<Record<string, number>>
  }[]
  readonly reconciliation: Readonly<Record<string, number>>
}

async function expectTruth(
  expect: Expectations,
  path: string,
  made: { readonly run: unknown; readonly truth: Truth },
): Promise<void> {
  const record: RunRecord = JSON.parse(await readFile(path, 'utf8'))
  expect.same('the run that is published', record.run, made.run)
  for (const { file, rows_in, kept, duplicates, filtered, rejected } of record.inputs) {
    const fates = { rowsIn: rows_in, kept, duplicates, filtered, rejected }
    expect.same(`the rows of ${file}`, fates, { ...made.truth.files }[file])
  }
  const { matchedByReceipt, matchedByTime, afOnly, confirmedOnly } = made.truth.reconciliation
  expect.same('the reconciliation', record.reconciliation, {
    matched: matchedByReceipt + matchedByTime,
    ...{ af_only: afOnly, confirmed_only: confirmedOnly },
  })
}
