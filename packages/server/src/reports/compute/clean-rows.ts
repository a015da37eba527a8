import { joinPlayers, MARK, type PurchaseRows } from '../clean/clean.ts'
import type { Sides, SideTexts } from '../reconciliation/reconciliation.ts'
import type { ReadInputs } from './read-inputs.ts'

/** Both sides by rank, with what is marked on them and what is shown of them. */
export type CleanRows = {
  readonly sides: Sides & { readonly purchases: PurchaseRows }
  readonly texts: SideTexts
  readonly purchaseCounts: Counts
  readonly confirmationCounts: Counts
}

/** What became of the rows that might be kept. */
export type Counts = { readonly kept: number; readonly duplicates: number }

/** Brings both sides together. */
export function cleanRows({
  purchases: ours,
  confirmations: theirs,
}: Pick<ReadInputs, 'purchases' | 'confirmations'>): CleanRows {
  const numbers = ours.found.players
  const count = joinPlayers(numbers, theirs.found.playerTexts, theirs.rows)
  const players = numbers.texts()
  return {
    sides: {
      ...{ purchases: ours.rows, purchaseMarks: ours.marks },
      ...{ confirmations: theirs.rows, confirmationMarks: theirs.marks, players: count },
    },
    texts: {
      purchases: { players, receipts: ours.receipts, order: ours.order },
      confirmations: { players, receipts: theirs.receipts, order: theirs.order },
    },
    purchaseCounts: countMarks(ours.marks),
    confirmationCounts: countMarks(theirs.marks),
  }
}

export function countMarks(marks: Uint8Array): Counts {
  let duplicates = 0
  for (const mark of marks) if (mark & MARK.duplicate) duplicates += 1
  return { kept: marks.length - duplicates, duplicates }
}
