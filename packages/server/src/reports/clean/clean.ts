// Rules 1 to 3: which rows count, once each, in the one row order that no file decides. The tables
// `purchases` and `confirmations` hold the rows that may be kept, at their ranks; marks say by rank
// which are duplicates and what is flagged.
export { createConfirmations } from './confirmations-table.ts'
export { MARK, markConfirmations, markPurchases } from './duplicates.ts'
export { createSum, type ExactSum } from './exact-sum.ts'
export { CHARGEBACK, createPurchases, type PurchaseNames } from './purchases-table.ts'
export {
  createPlayers,
  type PurchaseRows,
  type Rows,
  readConfirmations,
  readPurchases,
} from './rows.ts'
export { lookUpIds, lookUpInstants } from './texts.ts'
