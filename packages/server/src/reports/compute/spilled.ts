import { campaignKeyRanks, kindMeaning } from '../clean/clean.ts'
import { writeCurated } from '../curated/curated.ts'
import { openRecords, type RecordReader } from '../input/input.ts'
import { readDetails } from '../page/page.ts'
import {
  createSumming,
  type DetailsPart,
  writeReconciliationParts,
} from '../reconciliation/reconciliation.ts'
import type { RunSummary } from '../runs/runs.ts'
import {
  collectGarbage,
  detailOrder,
  inParts,
  mergeOutcomes,
  type Outcome,
  rowOrder,
  TYPE,
  TYPES,
} from '../spill/spill.ts'
import { revenueBefore } from './daily-reports.ts'
import { finishReports } from './finish-reports.ts'
import { matchParts } from './match-parts.ts'
import { createOutputs } from './outputs.ts'
import { openScratch, readSpilled, type Scratch, type SpilledInputs } from './read-spilled.ts'
import { chooseDay, type Work } from './work.ts'

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

type Records = Readonly<Record<'purchases' | 'confirmations', RecordReader>>

async function computeRead(
  work: Work,
  scratch: Scratch,
  read: SpilledInputs,
  records: Records,
): Promise<RunSummary> {
  const { request, progress, stages, inputs } = work
  const { kinds, receipts } = read.purchases.found
  stages.begin('matching purchases and confirmations')
  const runs = scratch.open('outcomes', scratch.parts * TYPES)
  const summing = createSumming()
  const found = matchParts(work, read, records, runs, summing)
  const d1 = chooseDay(request, found.days, read.costs.found.costs)
  scratch.end('purchases', 'confirmations')
  const receiptMarks = receipts.marks(found.purchases.kept)
  scratch.end('receipts')

  stages.begin('writing the reports')
  const outputs = createOutputs(request, progress)
  const inRows = rowOrder(campaignKeyRanks(kinds), ({ type, place }: Outcome) =>
    type === TYPE.confirmedOnly
      ? (records.confirmations.cells(place)[inputs.confirmations.columns.player] ?? '')
      : (records.purchases.cells(place)[inputs.purchases.columns.player] ?? ''),
  )
  const merged = (types: readonly number[], compare: typeof inRows): Iterable<DetailsPart> =>
    inParts(mergeOutcomes(runs, scratch.parts, types, compare), kindMeaning(kinds), receiptMarks)
  const details = readDetails(d1.day)
  const revenue = revenueBefore(kinds, d1.day)
  const purchases = looked(merged([TYPE.afOnly, TYPE.matched], inRows), ({ sides, matches }) => {
    summing.add(sides, matches)
    revenue.add(sides.purchases, sides.purchaseMarks)
  })
  const curated = 'purchases_curated.csv'
  const curatedRows = mapped(purchases, ({ sides, texts }) => ({
    ...sides,
    texts: texts.purchases,
  }))
  outputs.add(curated, writeCurated(outputs.pathOf(curated), kinds, curatedRows))
  // All of it is printed by now: only the disk is not done.
  const summary = summing.total()
  const every = looked(merged(Object.values(TYPE), detailOrder(inRows)), details.add)
  const reconciliation = 'reconciliation.json'
  const path = outputs.pathOf(reconciliation)
  outputs.add(reconciliation, writeReconciliationParts(path, summary, every))
  return finishReports(
    work,
    outputs,
    {
      ...{ read, d1, costs: read.costs.found, sessions: read.sessions.found.counts },
      ...{ purchases: found.purchases, confirmations: found.confirmations },
      ...{ revenues: revenue.total(), details: details.details(), summary },
    },
    () => Promise.resolve(),
  )
}

/** @param look sees each on its way */
function* looked<T>(all: Iterable<T>, look: (one: T) => void): Generator<T, void, undefined> {
  for (const one of all) {
    look(one)
    yield one
  }
}

function* mapped<T, U>(all: Iterable<T>, map: (one: T) => U): Generator<U, void, undefined> {
  for (const one of all) yield map(one)
}
