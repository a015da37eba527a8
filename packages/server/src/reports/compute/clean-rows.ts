import {
  createPlayers,
  markConfirmations,
  markPurchases,
  type PurchaseRows,
  readConfirmations,
  readPurchases,
} from '../clean/clean.ts'
import { appendColumns, type Engine } from '../engine/engine.ts'
import type { Sides } from '../reconciliation/reconciliation.ts'

/** Both sides by rank, with what is marked on them; tables `players` and `purchase_marks`. */
export type CleanRows = Sides & { readonly purchases: PurchaseRows }

export async function cleanRows(engine: Engine): Promise<CleanRows> {
  const players = await createPlayers(engine)
  const purchases = await readPurchases(engine)
  const confirmations = await readConfirmations(engine)
  const purchaseMarks = markPurchases(purchases)
  const confirmationMarks = markConfirmations(confirmations)
  await engine.run('CREATE TABLE purchase_marks (mark UTINYINT); DROP TABLE players')
  await appendColumns(engine, 'purchase_marks', [purchaseMarks])
  return { purchases, purchaseMarks, confirmations, confirmationMarks, players }
}
