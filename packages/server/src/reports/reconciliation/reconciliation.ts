// Reconciliation: which purchases the stores confirm, one to one, by receipt or by time; and what only
// one side knows. Rows are matched, and printed, from columns of numbers.
export { orderDetails } from './details.ts'
export { matchRows } from './match-rows.ts'
export { JUNK_RECEIPT_ROWS, type Matches, RULE, type Sides } from './matches.ts'
export { createSumming, type ReconciliationSummary, type Summing, summarize } from './summary.ts'
export {
  type DetailsPart,
  piecesOf,
  printDetailsAhead,
  type Reconciliation,
  type SideTexts,
  writeReconciliation,
  writeReconciliationParts,
} from './write-reconciliation.ts'
