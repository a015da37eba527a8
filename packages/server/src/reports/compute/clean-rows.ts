import {
  createPlayers,
  MARK,
  markConfirmations,
  markPurchases,
  type PurchaseRows,
  readConfirmations,
  readPurchases,
} from '../clean/clean.ts'
import type { Engine } from '../engine/engine.ts'
import type { Sides } from '../reconciliation/reconciliation.ts'

/** Both sides by rank, with what is marked on them. */
export type CleanRows = Sides & {
  readonly purchases: PurchaseRows
  readonly purchaseCounts: Counts
  readonly confirmationCounts: Counts
}

/** What became of the rows that might be kept. */
export type Counts = { readonly kept: number; readonly duplicates: number }

export async function cleanRows(engine: Engine): Promise<CleanRows> {
  const players = await createPlayers(engine)
  const purchases = await readPurchases(engine)
  const confirmations = await readConfirmations(engine)
  const purchaseMarks = markPurchases(purchases)
  const confirmationMarks = markConfirmations(confirmations)
  await engine.run('DROP TABLE players')
  return {
    ...{ purchases, purchaseMarks, purchaseCounts: countMarks(purchaseMarks) },
    ...{ confirmations, confirmationMarks, confirmationCounts: countMarks(confirmationMarks) },
    players,
  }
}

function countMarks(marks: Uint8Array): Counts {
  let duplicates = 0
  for (const mark of marks) if (mark & MARK.duplicate) duplicates += 1
  return { kept: marks.length - duplicates, duplicates }
}
