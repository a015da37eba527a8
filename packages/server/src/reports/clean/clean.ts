// Rules 1 to 3: which rows count, once each, in the one row order that no file decides. Columns of
// numbers hold the rows that may be kept, at their ranks; marks say by rank which are duplicates and
// what is flagged. Tables `purchases` and `confirmations` are the same, with their texts, for reports.
export { CHARGEBACK } from './chargebacks.ts'
export { orderConfirmations } from './confirmation-order.ts'
export { MARK, markConfirmations, markDuplicates, markPurchases } from './duplicates.ts'
export { createSum, type ExactSum } from './exact-sum.ts'
export { campaignKeyRanks, orderPurchases } from './purchase-order.ts'
export {
  campaignKeysOf,
  joinPlayers,
  kindMeaning,
  type PurchaseRows,
  type Rows,
  type RowTexts,
  rankPurchases,
  rankRows,
} from './rows.ts'
