import { setImmediate as turn } from 'node:timers/promises'
import type { Summing } from '../reconciliation/reconciliation.ts'
import {
  garbageCollector,
  type MatchedPart,
  matchPart,
  type ReceiptSpill,
  type SpillFile,
  spillConfirmations,
  spillPurchases,
  TYPES,
} from '../spill/spill.ts'
import { createTextHash } from '../texts/texts.ts'
import { type Counts, countMarks } from './clean-rows.ts'
import { newestDays } from './d1.ts'
import { assertPartsFit } from './memory-plan.ts'
import type { SpilledInputs } from './read-spilled.ts'
import { type Records, todayOf, type Work } from './work.ts'

/** What all parts together are. */
export type MatchedParts = {
  /** As `newestDays` has them. */
  readonly days: readonly number[]
  readonly purchases: Counts
  readonly confirmations: Counts
}

/**
 * Matches one part after another, and spills what became of its rows to `runs`.
 * @param summing gets the confirmations that are no purchase's; of purchases more is to be known
 */
export async function matchParts(
  { inputs, stages, request, junkReceiptRows }: Work,
  { purchases, confirmations }: SpilledInputs,
  records: Records,
  runs: SpillFile,
  summing: Summing,
): Promise<MatchedParts> {
  const { spilled, kinds, receipts } = purchases.found
  const ours = { spilled, kinds, columns: inputs.purchases.columns, records: records.purchases }
  const theirs = {
    ...{ spilled: confirmations.found.spilled, columns: inputs.confirmations.columns },
    records: records.confirmations,
  }
  const sides = { purchases: ours, confirmations: theirs, junkReceiptRows }
  const others = theirs.spilled.rows
  assertPartsFit(
    spilled.rows.map((count, part) => count + (others[part] as number)),
    request,
  )
  const collect = garbageCollector()
  const days = new Set<number>()
  const ownCounts: Counts[] = []
  const theirCounts: Counts[] = []
  let nextId = 0
  for (let part = 0; part < spilled.rows.length; part += 1) {
    stages.at(part / spilled.rows.length)
    // Somebody may want to stop the run.
    await turn()
    const matched = matchPart(sides, part)
    const { purchases: rows, purchaseMarks, confirmationMarks } = matched.sides
    for (const day of newestDays(rows, purchaseMarks, todayOf(request))) days.add(day)
    ownCounts.push(countMarks(purchaseMarks))
    theirCounts.push(countMarks(confirmationMarks))
    summing.add({ ...matched.sides, purchases: { ...rows, count: 0 } }, matched.matches)
    nextId = spillPurchases(runs, matched, nextId, receiptsOf(matched, receipts))
    spillConfirmations(runs, matched)
    for (let type = 0; type < TYPES; type += 1) runs.end(part * TYPES + type)
    collect(rows.count + matched.sides.confirmations.count)
  }
  return {
    days: [...days].sort((a, b) => b - a).slice(0, 2),
    purchases: sumOf(ownCounts),
    confirmations: sumOf(theirCounts),
  }
}

/** Hands the receipt of a kept purchase over. */
function receiptsOf({ sides: { purchases }, texts }: MatchedPart, receipts: ReceiptSpill) {
  const { bytes, starts } = texts.purchases.players
  const hash = createTextHash()
  return (rank: number, id: number): void => {
    const [low, high] = [purchases.receipts[rank * 2], purchases.receipts[rank * 2 + 1]]
    if (low === undefined || high === undefined || (low === 0 && high === 0)) return
    const player = purchases.players[rank] as number
    hash.take(bytes, starts[player] as number, starts[player + 1] as number)
    receipts.addPurchase(id, low, high, hash)
  }
}

const sumOf = (counts: readonly Counts[]): Counts => ({
  kept: counts.reduce((sum, { kept }) => sum + kept, 0),
  duplicates: counts.reduce((sum, { duplicates }) => sum + duplicates, 0),
})
