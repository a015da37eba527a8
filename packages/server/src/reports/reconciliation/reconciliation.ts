// Reconciliation: which purchases the stores confirm, one to one; what only one side knows.
export { MARK } from '../clean/clean.ts'
export { orderDetails } from './details.ts'
export { matchRows } from './match-rows.ts'
export { createMatchTables } from './match-tables.ts'
export { JUNK_RECEIPT_ROWS, type Matches, type Sides } from './matches.ts'
export { type ReconciliationSummary, summarize, summaryJson } from './summary.ts'
export { writeReconciliation } from './write-reconciliation.ts'
