// Reconciliation: which purchases the stores confirm, one to one, by receipt or by time; and what only
// one side knows. Rows are matched, and printed, from columns of numbers.
export { orderDetails } from './details.ts'
export { matchRows } from './match-rows.ts'
export { JUNK_RECEIPT_ROWS, type Matches, RULE, type Sides } from './matches.ts'
export { type ReconciliationSummary, summarize } from './summary.ts'
export {
  piecesOf,
  printDetailsAhead,
  type Reconciliation,
  type SideTexts,
  writeReconciliation,
} from './write-reconciliation.ts'
