// Reconciliation: which purchases the stores confirm, one to one, by receipt or by time; and what only
// one side knows. Rows are matched in typed arrays and written from tables that stand beside theirs.
export { orderDetails } from './details.ts'
export { matchRows } from './match-rows.ts'
export { createMatchTables } from './match-tables.ts'
export { JUNK_RECEIPT_ROWS, type Sides } from './matches.ts'
export { type ReconciliationSummary, summarize } from './summary.ts'
export { writeReconciliation } from './write-reconciliation.ts'
