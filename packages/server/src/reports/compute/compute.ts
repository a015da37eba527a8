// One computation of all reports: files in, reports out. The engine reads one file while the next is
// scanned here, and writes while rows are matched here.
import { basename, join } from 'node:path'
import { HISTORY_DAYS } from '../anomaly/anomaly.ts'
import { readSessions } from '../arpdau/arpdau.ts'
import { formatDay, parseDay, readInputZone, UTC } from '../cells/cells.ts'
import type { PurchaseNames } from '../clean/clean.ts'
import { writeCurated } from '../curated/curated.ts'
import { type Database, openDatabase } from '../engine/engine.ts'
import { InputError } from '../input/input.ts'
import { writePage } from '../page/page.ts'
import {
  createMatchTables,
  JUNK_RECEIPT_ROWS,
  matchRows,
  orderDetails,
  type ReconciliationSummary,
  summarize,
  writeReconciliation,
} from '../reconciliation/reconciliation.ts'
import { createRejectedRows } from '../rejected/rejected.ts'
import {
  type Compute,
  type ComputeRequest,
  type Progress,
  RunError,
  type RunSummary,
} from '../runs/runs.ts'
import { inputSummaries } from './balance.ts'
import { type CleanRows, cleanRows } from './clean-rows.ts'
import { chooseD1, newestDays } from './d1.ts'
import { computeDailyReports, writeDailyReports } from './daily-reports.ts'
import { findInputs, type Inputs } from './inputs.ts'
import { type Lanes, readInputs, settled } from './read-inputs.ts'
import { createStages, type Stages } from './stages.ts'

const DAY_MS = 86_400_000

export type ComputeParts = {
  /** Milliseconds since some start, for the durations of the stages. */
  monotonic(): number
  /** A receipt on more rows of one player is junk; tests set a limit that small inputs reach. */
  readonly junkReceiptRows?: number | undefined
}

/** Computes all reports with DuckDB. */
export const createCompute =
  ({ monotonic, junkReceiptRows = JUNK_RECEIPT_ROWS }: ComputeParts): Compute =>
  async (request, progress) => {
    try {
      const inputs = await findInputs(request.data)
      const database = await openDatabase({
        threads: request.threads,
        memoryLimitMb: request.memoryLimitMb,
        scratch: request.scratch,
        folders: [request.data, request.target],
      })
      try {
        const lanes = [await database.connect(), await database.connect()] as const
        const stages = createStages(progress, monotonic)
        return await compute({
          database,
          lanes,
          inputs,
          request,
          progress,
          stages,
          junkReceiptRows,
        })
      } finally {
        await database.close()
      }
    } catch (error) {
      throw error instanceof InputError
        ? new RunError('input', error.message, { cause: error })
        : error
    }
  }

type Work = {
  readonly database: Database
  readonly lanes: Lanes
  readonly inputs: Inputs
  readonly request: ComputeRequest
  readonly progress: Progress
  readonly stages: Stages
  readonly junkReceiptRows: number
}

async function compute(work: Work): Promise<RunSummary> {
  const { database, lanes, inputs, request, progress, stages } = work
  const [first, second] = lanes
  const rejected = await createRejectedRows(await database.connect())
  const { names, ...read } = await readInputs(inputs, {
    lanes,
    scratch: request.scratch,
    ...meaningOf(request),
    rejected,
    stages,
  })
  stages.begin('numbering players')
  const rows = await cleanRows(first)
  const { costs, summed } = read.costs.found
  const d1 = chooseDay(request, rows, costs)

  const { summary: reconciliation, written } = await reconcile(work, rows, names)
  const { columns } = inputs.sessions
  const sessions = await readSessions(
    second,
    read.sessions.file,
    columns,
    read.sessions.found,
    lastDays(d1.day),
  )
  const dau = sessions.users.get(d1.day) ?? 0
  const daily = await computeDailyReports(second, names.campaignKeys, d1.day, costs, dau)
  await writeDailyReports(daily, request.target, progress)
  await rejected.write(join(request.target, 'rejected_rows.csv'))
  progress.written('rejected_rows.csv')
  for (const { file } of Object.values(read)) await file.assertUnchanged()

  const found = {
    inputs: inputSummaries(read, {
      purchases: rows.purchaseCounts,
      confirmations: rows.confirmationCounts,
      sessions,
    }),
    notes: notes(basename(inputs.costs.path), summed),
  }
  await writePage(second, join(request.target, 'report.html'), {
    ...{ ...found, ...daily, d1, reconciliation, usersByDay: sessions.users },
  })
  progress.written('report.html')
  await written()

  const severities = daily.anomalies.map(({ severity }) => severity)
  return {
    inputs: found.inputs,
    d1: { date: formatDay(d1.day), reason: d1.reason },
    reconciliation: {
      matched: reconciliation.matched,
      af_only: reconciliation.afOnly,
      confirmed_only: reconciliation.confirmedOnly,
    },
    anomalies: {
      critical: severities.filter((severity) => severity === 'critical').length,
      warning: severities.filter((severity) => severity === 'warning').length,
    },
    notes: found.notes,
    durations_ms: stages.finish(),
    versions: { duckdb: database.version },
  }
}

/** D-1 and the days before it that it is compared with. */
const lastDays = (d1: number): number[] =>
  Array.from({ length: HISTORY_DAYS + 1 }, (_value, back) => d1 - back)

/**
 * Writes the curated purchases while the rows are matched, and begins to write the reconciliation, which
 * takes longest: `written` waits for it.
 */
async function reconcile(
  { lanes: [engine], request, progress, stages, junkReceiptRows }: Work,
  rows: CleanRows,
  names: PurchaseNames,
): Promise<{ readonly summary: ReconciliationSummary; written(): Promise<void> }> {
  stages.begin('matching purchases and confirmations')
  const path = join(request.target, 'purchases_curated.csv')
  const curated = settled(writeCurated(engine, path, names, rows.purchaseCounts.kept))
  const matches = matchRows(rows, junkReceiptRows)
  const order = orderDetails(rows, matches)
  const summary = summarize(rows, matches)
  stages.begin('writing purchases_curated.csv')
  await curated()
  progress.written('purchases_curated.csv')
  stages.begin('writing reconciliation.json and the daily reports')
  await createMatchTables(engine, rows, matches, order)
  const write = async (): Promise<void> => {
    await writeReconciliation(engine, join(request.target, 'reconciliation.json'), summary)
    progress.written('reconciliation.json')
  }
  return { summary, written: settled(write()) }
}

/** What the request says of cells, read. */
function meaningOf({ inputZone, badReceiptPattern }: ComputeRequest) {
  const zone = inputZone === 'UTC' ? UTC : readInputZone(inputZone)
  if (zone === undefined) {
    throw new RunError('input', `the input zone ${inputZone} is no IANA zone and no ±HH:MM`)
  }
  const badReceipt = badReceiptPattern === undefined ? null : new RegExp(badReceiptPattern, 'u')
  return { zone, badReceipt }
}

function chooseDay(
  { date, now }: ComputeRequest,
  { purchases, purchaseMarks }: CleanRows,
  costs: Parameters<typeof chooseD1>[3],
) {
  const today = Math.floor(now / DAY_MS)
  const asked = date === undefined ? null : (parseDay(date, UTC).day ?? null)
  return chooseD1(asked, today, newestDays(purchases, purchaseMarks, today), costs)
}

const notes = (file: string, summed: number): string[] =>
  summed === 0
    ? []
    : [`${file}: ${summed} rows were added to another row of the same day and campaign`]
