// One computation of all reports: files in, reports out.
import { basename } from 'node:path'
import { formatDay, parseDay, readInputZone, UTC } from '../cells/cells.ts'
import { type CuratedRows, writeCurated } from '../curated/curated.ts'
import { assertUnchanged, InputError } from '../input/input.ts'
import { writePage } from '../page/page.ts'
import {
  JUNK_RECEIPT_ROWS,
  matchRows,
  orderDetails,
  piecesOf,
  printDetailsAhead,
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
import { computeDailyReports, dailyLines, writeJsonLines } from './daily-reports.ts'
import { findInputs, type Inputs } from './inputs.ts'
import { limitMemory } from './memory-limit.ts'
import { createOutputs, type Outputs } from './outputs.ts'
import { type ReadInputs, type ReadParts, readOthers, readPurchases } from './read-inputs.ts'
import { countRejected, type RejectedCounts } from './rejected-counts.ts'
import { type SecondThread, startSecondThread } from './second-thread.ts'
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
  const counts = countRejected(work.rejected, work.request)
  const read = await readAll(work, counts)
  const second = startSecond(work)
  try {
    return await computeWith(second, work, read, counts)
  } finally {
    await second?.end()
  }
}

/** Matches and writes; half of it in the second thread where there is one. */
async function computeWith(
  second: SecondThread | null,
  work: Work,
  read: ReadInputs,
  counts: RejectedCounts,
): Promise<RunSummary> {
  const { rejected, inputs, request, progress, stages } = work
  stages.begin('numbering players')
  const rows = cleanRows(read)
  const { costs, summed } = read.costs.found
  const d1 = chooseDay(request, rows, costs)

  stages.begin('matching purchases and confirmations')
  const outputs = createOutputs(request, progress)
  const { kinds } = read.purchases.found
  addCurated(outputs, second, { ...rows.sides, kinds, texts: rows.texts.purchases })
  const reconciliation = reconcile(rows, work.junkReceiptRows)
  stages.begin('writing the reports')
  const printing = addReconciliation(outputs, second, reconciliation)
  const { counts: sessions } = read.sessions.found
  const { purchases, purchaseMarks } = rows.sides
  const dau = sessions.users.get(d1.day) ?? 0
  const daily = computeDailyReports(purchases, purchaseMarks, kinds, d1.day, costs, dau)
  for (const [name, lines] of dailyLines(daily)) {
    outputs.add(name, writeJsonLines(outputs.pathOf(name), lines))
  }
  outputs.add('rejected_rows.csv', rejected.write(outputs.pathOf('rejected_rows.csv')))
  const found = {
    inputs: inputSummaries(read, counts, {
      purchases: rows.purchaseCounts,
      confirmations: rows.confirmationCounts,
      sessions,
    }),
    notes: [...notes(basename(inputs.costs.path), summed), ...(request.notes ?? [])],
  }
  const page = { ...found, ...daily, ...reconciliation, d1, usersByDay: sessions.users }
  outputs.add('report.html', writePage(outputs.pathOf('report.html'), page))
  await printing()
  await outputs.done()
  for (const { file } of Object.values(read)) await assertUnchanged(file)

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

/** Reads all files; purchases here, and the others in a second thread where there is one. */
async function readAll(work: Work, counts: RejectedCounts): Promise<ReadInputs> {
  const { inputs, stages } = work
  const parts = readParts(work, counts)
  // Another one than writes: what only the reading needed ends with it.
  const second = startSecond(work)
  try {
    const beside = second?.read(inputs, parts)
    stages.begin('reading purchases')
    const purchases = await readPurchases(inputs, parts)
    stages.begin('reading confirmations, costs and sessions')
    return { purchases, ...(await (beside ?? readOthers(inputs, parts))) }
  } finally {
    await second?.end()
  }
}

/** With a second thread purchases are written while their confirmations are looked for. */
function addCurated(outputs: Outputs, second: SecondThread | null, rows: CuratedRows): void {
  const name = 'purchases_curated.csv'
  const path = outputs.pathOf(name)
  outputs.add(name, second?.write({ kind: 'curated', path, rows }) ?? writeCurated(path, rows))
}

/** With a second thread, which writes it, the answer helps to print it until that is done. */
function addReconciliation(
  outputs: Outputs,
  second: SecondThread | null,
  reconciliation: Reconciliation,
): () => Promise<void> {
  const name = 'reconciliation.json'
  const path = outputs.pathOf(name)
  if (second === null) {
    outputs.add(name, writeReconciliation(path, reconciliation))
    return () => Promise.resolve()
  }
  const pieces = piecesOf(reconciliation)
  outputs.add(name, second.write({ kind: 'reconciliation', path, reconciliation, pieces }))
  return () => printDetailsAhead(reconciliation, pieces, second.failure)
}

function reconcile({ sides, texts }: CleanRows, junkReceiptRows: number): Reconciliation {
  const matches = matchRows(sides, junkReceiptRows)
  const summary = summarize(sides, matches)
  const details = summary.matched + summary.afOnly + summary.confirmedOnly
  return { sides, texts, matches, summary, order: orderDetails(sides, matches, details) }
}

/** Below this a thread costs more than it saves. */
const BYTES_BESIDE = 8_000_000

function startSecond({ inputs, request }: Work): SecondThread | null {
  const bytes = Object.values(inputs).reduce((sum, input) => sum + input.bytes, 0)
  return request.threads > 1 && bytes > BYTES_BESIDE ? startSecondThread() : null
}

const readParts = ({ request, stages }: Work, { begin }: RejectedCounts): ReadParts => ({
  ...meaningOf(request),
  beginRejected: begin,
  onProgress: stages.at,
})

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
