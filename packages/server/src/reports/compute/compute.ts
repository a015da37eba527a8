// One computation of all reports: files in, reports out.
import { basename, join } from 'node:path'
import { formatDay, parseDay, readInputZone, UTC } from '../cells/cells.ts'
import { writeCurated } from '../curated/curated.ts'
import { assertUnchanged, InputError } from '../input/input.ts'
import { writePage } from '../page/page.ts'
import {
  JUNK_RECEIPT_ROWS,
  matchRows,
  orderDetails,
  type Reconciliation,
  summarize,
  writeReconciliation,
} from '../reconciliation/reconciliation.ts'
import { createRejectedRows, type RejectedRows } from '../rejected/rejected.ts'
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
import { limitMemory } from './memory-limit.ts'
import { readOthersBeside } from './others-beside.ts'
import { type ReadInputs, readOthers, readPurchases } from './read-inputs.ts'
import { countRejected, type RejectedCounts } from './rejected-counts.ts'
import { createStages, type Stages } from './stages.ts'

const DAY_MS = 86_400_000

export type ComputeParts = {
  /** Milliseconds since some start, for the durations of the stages. */
  monotonic(): number
  /** Bytes that this process holds. */
  memory(): number
  /** A receipt on more rows of one player is junk; tests set a limit that small inputs reach. */
  readonly junkReceiptRows?: number | undefined
}

/** Computes all reports: in memory, but for rows that are rejected. */
export const createCompute =
  ({ monotonic, memory, junkReceiptRows = JUNK_RECEIPT_ROWS }: ComputeParts): Compute =>
  async (request, shown) => {
    const progress = limitMemory(shown, memory, request.memoryLimitMb)
    try {
      const inputs = await findInputs(request.data)
      const rejected = createRejectedRows(request.scratch)
      try {
        const stages = createStages(progress, monotonic)
        return await compute({ rejected, inputs, request, progress, stages, junkReceiptRows })
      } finally {
        rejected.close()
      }
    } catch (error) {
      throw error instanceof InputError
        ? new RunError('input', error.message, { cause: error })
        : error
    }
  }

type Work = {
  readonly rejected: RejectedRows
  readonly inputs: Inputs
  readonly request: ComputeRequest
  readonly progress: Progress
  readonly stages: Stages
  readonly junkReceiptRows: number
}

async function compute(work: Work): Promise<RunSummary> {
  const { rejected, inputs, request, progress, stages } = work
  const counts = countRejected(rejected, request)
  const read = await readAll(work, counts)
  const { kinds } = read.purchases.found
  stages.begin('numbering players')
  const rows = cleanRows(read)
  const { purchases, purchaseMarks } = rows.sides
  const { costs, summed } = read.costs.found
  const d1 = chooseDay(request, rows, costs)

  stages.begin('matching purchases and confirmations')
  const reconciliation = reconcile(rows, work.junkReceiptRows)
  const pathOf = (name: string): string => join(request.target, name)
  stages.begin('writing purchases_curated.csv')
  await writeCurated(pathOf('purchases_curated.csv'), rows.sides, kinds, rows.texts.purchases)
  progress.written('purchases_curated.csv')
  stages.begin('writing reconciliation.json and the daily reports')
  await writeReconciliation(pathOf('reconciliation.json'), reconciliation)
  progress.written('reconciliation.json')
  const { counts: sessions } = read.sessions.found
  const dau = sessions.users.get(d1.day) ?? 0
  const daily = computeDailyReports(purchases, purchaseMarks, kinds, d1.day, costs, dau)
  await writeDailyReports(daily, request.target, progress)
  await rejected.write(pathOf('rejected_rows.csv'))
  progress.written('rejected_rows.csv')
  for (const { file } of Object.values(read)) await assertUnchanged(file)

  const found = {
    inputs: inputSummaries(read, counts, {
      purchases: rows.purchaseCounts,
      confirmations: rows.confirmationCounts,
      sessions,
    }),
    notes: [...notes(basename(inputs.costs.path), summed), ...(request.notes ?? [])],
  }
  await writePage(pathOf('report.html'), {
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
  }
}

function reconcile({ sides, texts }: CleanRows, junkReceiptRows: number): Reconciliation {
  const matches = matchRows(sides, junkReceiptRows)
  const summary = summarize(sides, matches)
  const details = summary.matched + summary.afOnly + summary.confirmedOnly
  return { sides, texts, matches, summary, order: orderDetails(sides, matches, details) }
}

/** Below this a thread costs more than it saves. */
const BYTES_BESIDE = 8_000_000

/** Reads all files; purchases here and the others beside, where that pays. */
async function readAll(
  { inputs, request, stages }: Work,
  { begin: beginRejected }: RejectedCounts,
): Promise<ReadInputs> {
  const parts = { ...meaningOf(request), beginRejected, onProgress: stages.at }
  const bytes = Object.values(inputs).reduce((sum, input) => sum + input.bytes, 0)
  const isBeside = request.threads > 1 && bytes > BYTES_BESIDE
  const beside = isBeside ? readOthersBeside(inputs, parts) : null
  try {
    stages.begin('reading purchases')
    const purchases = await readPurchases(inputs, parts)
    stages.begin('reading confirmations, costs and sessions')
    const others = await (beside?.wait() ?? readOthers(inputs, parts))
    return { purchases, ...others }
  } finally {
    await beside?.end()
  }
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
  { sides: { purchases, purchaseMarks } }: CleanRows,
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
