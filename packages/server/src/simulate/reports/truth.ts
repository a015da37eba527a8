export const FILES = [
  'purchases_raw.csv',
  'confirmed_purchases.csv',
  'costs_daily.csv',
  'sessions.csv',
] as const
export type FileName = (typeof FILES)[number]

export type FilterReason = 'not-success' | 'not-a-purchase' | 'chargeback' | 'false-success'
export type RejectReason =
  | 'quote-fault'
  | 'wrong-cell-count'
  | 'invalid-utf8'
  | 'nul-byte'
  | 'line-too-long'
  | 'empty-appsflyer-id'
  | 'empty-user-id'
  | 'unreadable-time'
  | 'unreadable-date'
  | 'unreadable-money'
  | 'ambiguous-number'
  | 'money-out-of-range'

/** Where the rows of one file must end: `rowsIn` is the sum of the others. */
export type FileTruth = {
  readonly rowsIn: number
  readonly kept: number
  readonly duplicates: number
  readonly filtered: Readonly<Partial<Record<FilterReason, number>>>
  readonly rejected: Readonly<Partial<Record<RejectReason, number>>>
}

export type ReconciliationTruth = {
  readonly matchedByReceipt: number
  readonly matchedByTime: number
  /** Kept purchases without a confirmation. */
  readonly afOnly: number
  /** Kept confirmations without a purchase. */
  readonly confirmedOnly: number
  /** Pairs whose amounts differ. */
  readonly amountMismatch: number
  /** Pairs by time whose receipts are both there and differ. */
  readonly receiptMismatch: number
  /** Pairs by receipt more than ten minutes apart. */
  readonly outsideWindow: number
}

/** What the reports must say of one campaign on the last day. Money in micros. */
export type CampaignTruth = {
  readonly campaign: string
  readonly revenueMicros: number
  /** `null` where no cost row names the day and campaign. */
  readonly costMicros: number | null
  /** How many of the seven days before had a cost above 0. */
  readonly days: number
  readonly anomaly: boolean
  readonly severity: 'critical' | 'warning' | null
}

/** What is in the files, by construction. Nothing here was read back from them. */
export type Truth = {
  readonly files: Readonly<Record<FileName, FileTruth>>
  /** How often each trap was planted, by `<file without .csv>/<name>`. */
  readonly traps: Readonly<Record<string, number>>
  readonly curated: {
    readonly rows: number
    readonly originalRevenueMicros: number
    /** After chargebacks. */
    readonly revenueMicros: number
    /** Kept rows that a chargeback set to 0. */
    readonly chargedBack: number
  }
  readonly reconciliation: ReconciliationTruth
  /** The day D-1 of `campaigns` and `dau`: give it as `--date`. YYYY-MM-DD. */
  readonly lastDay: string
  /** The days with a kept purchase, newest first: from these D-1 is chosen without `--date`. */
  readonly purchaseDays: readonly string[]
  /** Sorted by code points of the key; every campaign with revenue or cost on the last day. */
  readonly campaigns: readonly CampaignTruth[]
  /** Distinct users with a session on the last day. */
  readonly dau: number
}
