import { openRecords } from '../input/input.ts'
import { createSumming } from '../reconciliation/reconciliation.ts'
import type { RunSummary } from '../runs/runs.ts'
import { collectGarbage, TYPES } from '../spill/spill.ts'
import { finishReports } from './finish-reports.ts'
import { matchParts } from './match-parts.ts'
import { createOutputs } from './outputs.ts'
import { printMerged } from './print-merged.ts'
import { openScratch, readSpilled, type Scratch, type SpilledInputs } from './read-spilled.ts'
import { chooseDay, type Records, type Work } from './work.ts'

/** Computes all reports by parts of the rows, which lie on the disk meanwhile: the same bytes. */
export async function computeSpilled(work: Work, parts: number): Promise<RunSummary> {
  // Of an attempt to keep all rows in memory, if there was one.
  collectGarbage()
  const scratch = openScratch(work.request.scratch, parts)
  try {
    const read = await readSpilled(work, scratch)
    const records: Records = {
      purchases: openRecords(read.purchases.file),
      confirmations: openRecords(read.confirmations.file),
    }
    try {
      return await computeRead(work, scratch, read, records)
    } finally {
      records.purchases.close()
      records.confirmations.close()
    }
  } finally {
    scratch.close()
  }
}

async function computeRead(
  work: Work,
  scratch: Scratch,
  read: SpilledInputs,
  records: Records,
): Promise<RunSummary> {
  const { request, progress, stages } = work
  const { kinds, receipts } = read.purchases.found
  const costs = read.costs.found
  stages.begin('matching purchases and confirmations')
  const runs = scratch.open('outcomes', scratch.parts * TYPES)
  const summing = createSumming()
  const found = await matchParts(work, read, records, runs, summing)
  scratch.end('purchases', 'confirmations')
  const receiptMarks = receipts.marks(found.purchases.kept)
  scratch.end('receipts')

  stages.begin('writing the reports')
  const d1 = chooseDay(request, found.days, costs.costs)
  const outputs = createOutputs(request, progress)
  const merging = { runs, parts: scratch.parts, kinds, receiptMarks, records, day: d1.day }
  const { purchases, confirmations } = found
  const rows = purchases.kept + confirmations.kept
  const printed = await printMerged(work, outputs, { ...merging, summing, rows })
  const counts = { purchases, confirmations, sessions: read.sessions.found.counts }
  return finishReports(work, outputs, { read, d1, costs, ...counts, ...printed }, () =>
    Promise.resolve(),
  )
}
