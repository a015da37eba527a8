import type { StructureFault, UnreadableRow } from './csv-file.ts'
import type { MoneyFault } from './money.ts'

export type RejectReason =
  | StructureFault
  | 'empty-appsflyer-id'
  | 'empty-user-id'
  | 'unreadable-time'
  | 'unreadable-date'
  | MoneyFault

export type FilterReason = 'not-success' | 'not-a-purchase' | 'chargeback' | 'false-success'

export type RejectedRow = {
  readonly file: string
  readonly line: number
  readonly reason: RejectReason
  readonly raw: string
}

/** Where the rows of one file ended. */
export type Fates = {
  readonly rowsIn: number
  readonly rejected: readonly RejectedRow[]
  readonly filtered: readonly FilterReason[]
  readonly duplicates: number
  readonly kept: number
}

/** What a row is before duplicates are looked for. */
export type Judged<Candidate> =
  | { readonly fate: 'candidate'; readonly row: Candidate }
  | { readonly fate: 'filtered'; readonly reason: FilterReason }
  | { readonly fate: 'rejected'; readonly reason: RejectReason }

/** The rows that were rejected for their structure, and those whose cells were judged. */
export function rejectedRows(
  file: string,
  unreadable: readonly UnreadableRow[],
  judged: readonly (readonly [{ readonly line: number; readonly raw: string }, Judged<unknown>])[],
): RejectedRow[] {
  const ofCells = judged.flatMap(([{ line, raw }, verdict]) =>
    verdict.fate === 'rejected' ? [{ file, line, reason: verdict.reason, raw }] : [],
  )
  return [...unreadable.map(({ line, raw, reason }) => ({ file, line, reason, raw })), ...ofCells]
}

export function filterReasons(judged: readonly Judged<unknown>[]): FilterReason[] {
  return judged.flatMap((verdict) => (verdict.fate === 'filtered' ? [verdict.reason] : []))
}

export function candidates<Candidate>(judged: readonly Judged<Candidate>[]): Candidate[] {
  return judged.flatMap((verdict) => (verdict.fate === 'candidate' ? [verdict.row] : []))
}
