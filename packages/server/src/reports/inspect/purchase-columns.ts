/** Where the columns of purchases stand; null where a file has none. */
export type PurchaseColumns = {
  readonly player: number
  readonly event: number
  readonly time: number
  readonly amount: number
  readonly campaign: number
  readonly receipt: number | null
  readonly status: number | null
  /** AppsFlyer's own export has receipts in the JSON of its event value. */
  readonly eventValue: number | null
}
