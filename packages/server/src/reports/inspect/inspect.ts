// What becomes of each row of the four files, duplicates aside: kept, filtered with a reason, or
// rejected with one; and of the rows that may be kept, what they mean, as columns of numbers. Cells of
// plain shapes are read from their bytes, every other one as text by the exact rules of cells/.

export type { Chargeback, ChargebackTarget } from './chargeback-book.ts'
export {
  type ConfirmationColumns,
  type ConfirmationFindings,
  inspectConfirmations,
  judgeConfirmations,
} from './confirmations.ts'
export { type CampaignCost, type CostColumns, type CostFindings, inspectCosts } from './costs.ts'
export type { Fates } from './fates.ts'
export { createFoundSale, type FoundSale, type SaleTarget } from './found-sale.ts'
export type { PurchaseColumns } from './purchase-columns.ts'
export type { PurchaseKind } from './purchase-kinds.ts'
export { readPurchase } from './purchase-reader.ts'
export {
  createPurchaseRows,
  inspectPurchases,
  judgePurchases,
  type PurchaseFates,
  type PurchaseFindings,
  type PurchaseTarget,
} from './purchases.ts'
export type { Inspector } from './record.ts'
export { createSaleRows, type Room, type SaleRows } from './sale-rows.ts'
export {
  createSessionRows,
  inspectSessions,
  judgeSessions,
  type SessionColumns,
  type SessionFindings,
  type SessionTarget,
} from './sessions.ts'
export type { InspectSettings } from './settings.ts'
