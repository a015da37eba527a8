import { setImmediate as turn } from 'node:timers/promises'
import { campaignKeyRanks, kindMeaning } from '../clean/clean.ts'
import { writeCuratedParts } from '../curated/curated.ts'
import type { PurchaseKind } from '../inspect/inspect.ts'
import { readDetails } from '../page/page.ts'
import {
  type DetailsPart,
  type Summing,
  writeReconciliationParts,
} from '../reconciliation/reconciliation.ts'
import type { Output } from '../runs/runs.ts'
import {
  type CompareOutcomes,
  detailOrder,
  inParts,
  mergeOutcomes,
  type Outcome,
  rowOrder,
  type SpillFile,
  TYPE,
} from '../spill/spill.ts'
import { revenueBefore } from './daily-reports.ts'
import type { Findings } from './finish-reports.ts'
import type { Outputs } from './outputs.ts'
import type { Records, Work } from './work.ts'

/** What became of all rows, on the disk. */
export type Merging = {
  readonly runs: SpillFile
  readonly parts: number
  /** About how many rows there are. */
  readonly rows: number
  readonly kinds: readonly PurchaseKind[]
  /** By purchase, as `ReceiptSpill` says. */
  readonly receiptMarks: Uint8Array
  readonly records: Records
  /** D-1. */
  readonly day: number
  /** Has the confirmations that are no purchase's. */
  readonly summing: Summing
}

/** Writes the two files that list rows, and sums what the others need of them. */
export async function printMerged(
  work: Work,
  outputs: Outputs,
  merging: Merging,
): Promise<Pick<Findings, 'summary' | 'revenues' | 'details'>> {
  const { kinds, records, summing, day } = merging
  const inRows = rowOrder(campaignKeyRanks(kinds), readPlayer(work, records))
  const revenue = revenueBefore(kinds, day)
  const purchases = mapped(
    merged(work, merging, 0, [TYPE.afOnly, TYPE.matched], inRows),
    ({ sides, matches, texts }) => {
      summing.add(sides, matches)
      revenue.add(sides.purchases, sides.purchaseMarks)
      return { ...sides, texts: texts.purchases }
    },
  )
  await write(outputs, 'purchases_curated.csv', (path) => writeCuratedParts(path, kinds, purchases))
  const summary = summing.total()
  const details = readDetails(day)
  const every = mapped(
    merged(work, merging, 1, Object.values(TYPE), detailOrder(inRows)),
    (part) => {
      details.add(part)
      return part
    },
  )
  await write(outputs, 'reconciliation.json', (path) =>
    writeReconciliationParts(path, summary, every),
  )
  return { summary, revenues: revenue.total(), details: details.details() }
}

function write(
  outputs: Outputs,
  name: string,
  writing: (path: string) => Promise<Output>,
): Promise<Output> {
  const output = writing(outputs.pathOf(name))
  outputs.add(name, output)
  return output
}

/** The player of a row as it stands in its file. */
const readPlayer =
  ({ inputs }: Work, { purchases, confirmations }: Records) =>
  ({ type, place }: Outcome): string =>
    (type === TYPE.confirmedOnly
      ? confirmations.cells(place)[inputs.confirmations.columns.player]
      : purchases.cells(place)[inputs.purchases.columns.player]) ?? ''

/** So many parts are printed between two looks at what else happens, as somebody who stops the run. */
const PARTS_A_TURN = 32

/** @param pass the first or the second time that rows are merged */
async function* merged(
  { stages }: Work,
  { runs, parts, kinds, receiptMarks, rows }: Merging,
  pass: 0 | 1,
  types: readonly number[],
  compare: CompareOutcomes,
): AsyncGenerator<DetailsPart, void, undefined> {
  const outcomes = mergeOutcomes(runs, parts, types, compare)
  let done = 0
  let count = 0
  for (const part of inParts(outcomes, kindMeaning(kinds), receiptMarks)) {
    yield part
    done += part.order.length
    count += 1
    if (count % PARTS_A_TURN !== 0) continue
    stages.at((pass + Math.min(1, done / rows)) / 2)
    await turn()
  }
}

async function* mapped<T, U>(
  all: AsyncIterable<T>,
  map: (one: T) => U,
): AsyncGenerator<U, void, undefined> {
  for await (const one of all) yield map(one)
}
