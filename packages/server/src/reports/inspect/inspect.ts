// What becomes of each row of the four files, duplicates aside: kept, filtered with a reason, or
// rejected with one. Rows of plain shapes are told from their bytes and read by the engine; every
// other cell is read here, as text and exactly, and the engine looks it up.

export {
  type ConfirmationColumns,
  type ConfirmationFindings,
  inspectConfirmations,
} from './confirmations.ts'
export { type CampaignCost, type CostColumns, type CostFindings, inspectCosts } from './costs.ts'
export type { Fates } from './fates.ts'
export type { OddCells, OddIds } from './odd-cells.ts'
export type { PurchaseColumns } from './plain-purchases.ts'
export { type Chargeback, inspectPurchases, type PurchaseFindings } from './purchases.ts'
export type { Inspector } from './record.ts'
export { inspectSessions, type SessionColumns, type SessionFindings } from './sessions.ts'
export type { InspectSettings } from './settings.ts'
