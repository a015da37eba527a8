// One computation of all reports: files in, reports out. The engine reads one file while the next is
// scanned here, and writes while rows are matched here.
import { basename, join } from 'node:path'
import { HISTORY_DAYS } from '../anomaly/anomaly.ts'
import { readSessions } from '../arpdau/arpdau.ts'
import { formatDay, parseDay, readInputZone, UTC } from '../cells/cells.ts'
import type { PurchaseNames } from '../clean/clean.ts'
import { CURATED_CODES, writeCurated } from '../curated/curated.ts'
import { createTextRows, type Database, openDatabase } from '../engine/engine.ts'
import { InputError } from '../input/input.ts'
import { writePage } from '../page/page.ts'
import {
  JUNK_RECEIPT_ROWS,
  matchRows,
  orderDetails,
  type Reconciliation,
  readLentReceipts,
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
import { findInputs, type Inputs, type Inspected } from './inputs.ts'
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
    describeRejected: request.describeRejected,
    stages,
  })
  stages.begin('numbering players')
  const rows = await cleanRows(first)
  const { costs, summed } = read.costs.found
  const d1 = chooseDay(request, rows, costs)

  const { columns } = inputs.sessions
  const counting = settled(
    readSessions(second, read.sessions.file, columns, read.sessions.found, lastDays(d1.day)),
  )
  const reconciliation = await reconcile(work, rows, names, {
    purchases: rowBytesOf(read.purchases),
    confirmations: rowBytesOf(read.confirmations),
  })
  const sessions = await counting()
  const dau = sessions.users.get(d1.day) ?? 0
  const daily = computeDailyReports(rows, names.campaignKeys, d1.day, costs, dau)
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
    notes: [...notes(basename(inputs.costs.path), summed), ...(request.notes ?? [])],
  }
  await writePage(second, join(request.target, 'report.html'), {
    ...{ ...found, ...daily, ...reconciliation, d1, usersByDay: sessions.users },
  })
  progress.written('report.html')

  const severities = daily.anomalies.map(({ severity }) => severity)
  return {
    inputs: found.inputs,
    d1: { date: formatDay(d1.day), reason: d1.reason },
    reconciliation: {
      matched: reconciliation.summary.matched,
      af_only: reconciliation.summary.afOnly,
      confirmed_only: reconciliation.summary.confirmedOnly,
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

/** Matches the rows, and writes the two files that have a line for each. */
async function reconcile(
  { database, lanes: [engine], request, progress, stages, junkReceiptRows }: Work,
  rows: CleanRows,
  names: PurchaseNames,
  rowBytes: RowBytes,
): Promise<Reconciliation> {
  stages.begin('matching purchases and confirmations')
  const matches = matchRows(rows, junkReceiptRows)
  const summary = summarize(rows, matches)
  const details = summary.matched + summary.afOnly + summary.confirmedOnly
  const order = orderDetails(rows, matches, details)
  const reconciliation = { sides: rows, matches, order, summary }
  stages.begin('writing purchases_curated.csv')
  const lent = settled(readLentReceipts(engine, rows, matches, rowBytes.confirmations))
  const texts = async (table: keyof RowBytes, codes: readonly string[] = []) =>
    createTextRows(await database.connect(), {
      ...{ table, rows: rows[table].count, rowBytes: rowBytes[table], texts: TEXTS, codes },
    })
  const curated = join(request.target, 'purchases_curated.csv')
  await writeCurated(curated, rows, names, await texts('purchases', CURATED_CODES))
  progress.written('purchases_curated.csv')
  stages.begin('writing reconciliation.json and the daily reports')
  await writeReconciliation(join(request.target, 'reconciliation.json'), reconciliation, {
    purchases: await texts('purchases'),
    confirmations: await texts('confirmations'),
    lent: await lent(),
  })
  progress.written('reconciliation.json')
  return reconciliation
}

const TEXTS = ['player', 'receipt']

/** Of the rows of a file on average: texts that are read again have no more. */
type RowBytes = Readonly<Record<'purchases' | 'confirmations', number>>

const rowBytesOf = ({ file }: Inspected<unknown>): number => file.bytes / Math.max(1, file.records)

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
