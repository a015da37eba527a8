// What becomes of each row of the four files, duplicates aside: kept, filtered with a reason, or
// rejected with one; and of the rows that may be kept, what they mean, as columns of numbers. Cells of
// plain shapes are read from their bytes, every other one as text by the exact rules of cells/.

export type { Chargeback } from './chargeback-book.ts'
export {
  type ConfirmationColumns,
  type ConfirmationFindings,
  inspectConfirmations,
} from './confirmations.ts'
export { type CampaignCost, type CostColumns, type CostFindings, inspectCosts } from './costs.ts'
export type { Fates } from './fates.ts'
export type { PurchaseColumns } from './purchase-columns.ts'
export type { PurchaseKind } from './purchase-kinds.ts'
export { readPurchase } from './purchase-reader.ts'
export { inspectPurchases, type PurchaseFindings } from './purchases.ts'
export type { Inspector } from './record.ts'
export type { SaleRows } from './sale-rows.ts'
export { inspectSessions, type SessionColumns, type SessionFindings } from './sessions.ts'
export type { InspectSettings } from './settings.ts'
