// Reconciliation: which purchases the stores confirm, one to one, by receipt or by time; and what only
// one side knows. Rows are matched in typed arrays, and printed from them beside the engine's texts.
export { orderDetails } from './details.ts'
export { readLentReceipts } from './lent-receipts.ts'
export { matchRows } from './match-rows.ts'
export { JUNK_RECEIPT_ROWS, type Matches, RULE, type Sides } from './matches.ts'
export { type ReconciliationSummary, summarize } from './summary.ts'
export { type Reconciliation, writeReconciliation } from './write-reconciliation.ts'
