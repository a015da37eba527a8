// The daily reports once more, from the rules alone: exact integers, every pair looked at, nothing
// shared with the product and nothing made fast. Whatever the product writes for a small input, this
// must say too, byte for byte. README.md beside this folder lists what the rules leave open.
import {
  type AnomalyRow,
  type ArpdauRow,
  anomaliesOf,
  arpdauOf,
  chooseDay,
  type DayChoice,
  type RoasRow,
  roasOf,
} from './day-reports.ts'
import type { Fates, FilterReason, RejectedRow, RejectReason } from './fates.ts'
import { cleanConfirmations, cleanCosts, cleanSessions } from './other-files.ts'
import {
  inRejectOrder,
  printAnomalies,
  printArpdau,
  printCurated,
  printReconciliation,
  printRejected,
  printRoas,
} from './printing.ts'
import { cleanPurchases, type Purchase } from './purchases.ts'
import { type Detail, reconcile } from './reconciliation.ts'

export { UnusableFile } from './columns.ts'

/** The four files, as text or as bytes. */
export type InputFiles = {
  readonly purchases: string | Uint8Array
  readonly confirmations: string | Uint8Array
  readonly costs: string | Uint8Array
  readonly sessions: string | Uint8Array
}

export type Parameters = {
  /** D-1 where it is given, `YYYY-MM-DD`. */
  readonly date?: string | undefined
  /** The UTC day of the run, `YYYY-MM-DD`. */
  readonly today: string
  /** Zone of times that name none: an IANA name or `±HH:MM`; `UTC` when absent. */
  readonly inputZone?: string | undefined
  /** A regular expression; a receipt in which it is found makes a false success. */
  readonly badReceiptPattern?: string | undefined
  /** Rows of one player with one receipt beyond which the receipt is junk; 1,000 when absent. */
  readonly junkReceiptRows?: number | undefined
  readonly purchasesFile?: 'purchases_raw.csv' | 'purchases.csv' | undefined
}

export type InputFile =
  | 'purchases_raw.csv'
  | 'purchases.csv'
  | 'confirmed_purchases.csv'
  | 'costs_daily.csv'
  | 'sessions.csv'

/** Where the rows of a file ended: rowsIn = kept + duplicates + filtered + rejected. */
export type Balance = {
  readonly file: InputFile
  readonly rowsIn: number
  readonly kept: number
  readonly duplicates: number
  readonly filtered: number
  readonly rejected: number
  readonly filteredBy: Readonly<Partial<Record<FilterReason, number>>>
  readonly rejectedBy: Readonly<Partial<Record<RejectReason, number>>>
}

export type OutputFile =
  | 'purchases_curated.csv'
  | 'reconciliation.json'
  | 'roas_d1.json'
  | 'roas_anomaly.json'
  | 'arpdau_d1.json'
  | 'rejected_rows.csv'

export type Recomputed = {
  readonly day: DayChoice
  readonly balance: readonly Balance[]
  readonly curated: readonly Purchase[]
  readonly details: readonly Detail[]
  readonly roas: readonly RoasRow[]
  readonly anomalies: readonly AnomalyRow[]
  readonly arpdau: readonly ArpdauRow[]
  readonly rejected: readonly RejectedRow[]
  /** The files that are compared byte for byte. */
  readonly files: Readonly<Record<OutputFile, string>>
}

const JUNK_RECEIPT_ROWS = 1_000

/** @throws UnusableFile where a file lacks a column that it needs, or has it twice. */
export function recompute(input: InputFiles, parameters: Parameters): Recomputed {
  const settings = {
    inputZone: parameters.inputZone ?? 'UTC',
    badReceiptPattern: parameters.badReceiptPattern,
  }
  const purchasesFile = parameters.purchasesFile ?? 'purchases_raw.csv'
  const clean = cleanPurchases(purchasesFile, input.purchases, settings)
  const confirmed = cleanConfirmations('confirmed_purchases.csv', input.confirmations, settings)
  const spent = cleanCosts('costs_daily.csv', input.costs, settings)
  const seen = cleanSessions('sessions.csv', input.sessions, settings)
  const { purchases } = clean
  const { costs } = spent

  const junkReceiptRows = parameters.junkReceiptRows ?? JUNK_RECEIPT_ROWS
  const details = reconcile(purchases, confirmed.confirmations, junkReceiptRows)
  const day = chooseDay(parameters.date, parameters.today, purchases, costs)
  const roas = roasOf(day.day, purchases, costs)
  const anomalies = anomaliesOf(day.day, purchases, costs)
  const arpdau = arpdauOf(day.day, roas, seen.sessions)
  const everyFate = [clean.fates, confirmed.fates, spent.fates, seen.fates]
  const rejected = everyFate.flatMap((fates) => fates.rejected).sort(inRejectOrder)
  return {
    day,
    balance: [
      balanceOf(purchasesFile, clean.fates),
      balanceOf('confirmed_purchases.csv', confirmed.fates),
      balanceOf('costs_daily.csv', spent.fates),
      balanceOf('sessions.csv', seen.fates),
    ],
    curated: purchases,
    details,
    roas,
    anomalies,
    arpdau,
    rejected,
    files: {
      'purchases_curated.csv': printCurated(purchases),
      'reconciliation.json': printReconciliation(details),
      'roas_d1.json': printRoas(roas),
      'roas_anomaly.json': printAnomalies(anomalies),
      'arpdau_d1.json': printArpdau(arpdau),
      'rejected_rows.csv': printRejected(rejected),
    },
  }
}

function balanceOf(file: InputFile, fates: Fates): Balance {
  const { rowsIn, kept, duplicates, filtered, rejected } = fates
  return {
    file,
    rowsIn,
    kept,
    duplicates,
    filtered: filtered.length,
    rejected: rejected.length,
    filteredBy: counts(filtered),
    rejectedBy: counts(rejected.map(({ reason }) => reason)),
  }
}

function counts<Reason extends string>(
  reasons: readonly Reason[],
): Readonly<Partial<Record<Reason, number>>> {
  const counted: Partial<Record<Reason, number>> = {}
  for (const reason of reasons) counted[reason] = (counted[reason] ?? 0) + 1
  return counted
}
