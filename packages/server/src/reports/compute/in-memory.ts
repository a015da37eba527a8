import { writeCurated } from '../curated/curated.ts'
import type { PurchaseKind } from '../inspect/inspect.ts'
import { readDetails } from '../page/page.ts'
import {
  matchRows,
  orderDetails,
  piecesOf,
  printDetailsAhead,
  type Reconciliation,
  summarize,
  writeReconciliation,
} from '../reconciliation/reconciliation.ts'
import type { RunSummary } from '../runs/runs.ts'
import { type CleanRows, cleanRows } from './clean-rows.ts'
import { newestDays } from './d1.ts'
import { revenueBefore } from './daily-reports.ts'
import { finishReports } from './finish-reports.ts'
import { bytesOf } from './inputs.ts'
import { createOutputs, type Outputs } from './outputs.ts'
import { type ReadInputs, readOthers, readPurchases } from './read-inputs.ts'
import { type SecondThread, startSecondThread } from './second-thread.ts'
import { chooseDay, readParts, todayOf, type Work } from './work.ts'

/** Computes all reports with all rows in memory, but for those that are rejected. */
export async function computeInMemory(work: Work): Promise<RunSummary> {
  const read = await readAll(work)
  const second = startSecond(work)
  try {
    return await computeWith(second, work, read)
  } finally {
    await second?.end()
  }
}

/** Matches and writes; half of it in the second thread where there is one. */
async function computeWith(
  second: SecondThread | null,
  work: Work,
  read: ReadInputs,
): Promise<RunSummary> {
  const { request, progress, stages } = work
  stages.begin('numbering players')
  const rows = cleanRows(read)
  const { purchases, purchaseMarks } = rows.sides
  const { costs } = read.costs.found
  const d1 = chooseDay(request, newestDays(purchases, purchaseMarks, todayOf(request)), costs)

  stages.begin('matching purchases and confirmations')
  const outputs = createOutputs(request, progress)
  const { kinds } = read.purchases.found
  addCurated(outputs, second, kinds, rows)
  const reconciliation = reconcile(rows, work.junkReceiptRows)
  stages.begin('writing the reports')
  const printing = addReconciliation(outputs, second, reconciliation)
  const revenue = revenueBefore(kinds, d1.day)
  revenue.add(purchases, purchaseMarks)
  const details = readDetails(d1.day)
  details.add(reconciliation)
  return finishReports(
    work,
    outputs,
    {
      ...{ read, d1, costs: read.costs.found, sessions: read.sessions.found.counts },
      ...{ purchases: rows.purchaseCounts, confirmations: rows.confirmationCounts },
      ...{ revenues: revenue.total(), details: details.details() },
      summary: reconciliation.summary,
    },
    printing,
  )
}

/** Reads all files; purchases here, and the others in a second thread where there is one. */
async function readAll(work: Work): Promise<ReadInputs> {
  const { inputs, stages } = work
  const parts = readParts(work)
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
function addCurated(
  outputs: Outputs,
  second: SecondThread | null,
  kinds: readonly PurchaseKind[],
  { sides: { purchases, purchaseMarks }, texts }: CleanRows,
): void {
  const name = 'purchases_curated.csv'
  const path = outputs.pathOf(name)
  const rows = { purchases, purchaseMarks, texts: texts.purchases }
  outputs.add(
    name,
    second?.write({ kind: 'curated', path, kinds, rows }) ?? writeCurated(path, kinds, rows),
  )
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
  return request.threads > 1 && bytesOf(inputs) > BYTES_BESIDE ? startSecondThread() : null
}
