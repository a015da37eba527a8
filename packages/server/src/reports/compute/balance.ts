import { basename } from 'node:path'
import type { Fates } from '../inspect/inspect.ts'
import type { ByReason, InputSummary } from '../runs/runs.ts'
import type { Counts } from './clean-rows.ts'
import type { Inspected } from './inputs.ts'
import type { RejectedCounts } from './rejected-counts.ts'

/** What came out of cleaning: counted apart from what went in, so that a lost row shows. */
export type Outcome = {
  readonly purchases: Counts
  readonly confirmations: Counts
  readonly sessions: Counts
}

/** What was read of each file. */
export type Read = Readonly<
  Record<'purchases' | 'confirmations' | 'sessions', Inspected<Fates>>
> & { readonly costs: Inspected<Fates & { readonly kept: number }> }

/** Where the rows of each file ended. */
export function inputSummaries(
  read: Read,
  rejected: Pick<RejectedCounts, 'ofFile'>,
  outcome: Outcome,
): readonly InputSummary[] {
  const summary = ({ file, found }: Inspected<Fates>, { kept, duplicates }: Counts) => ({
    file: basename(file.path),
    sha256: file.sha256,
    bytes: file.bytes,
    rows_in: file.records + file.unreadable,
    kept,
    duplicates,
    filtered: byReason(found.filtered),
    rejected: byReason(rejected.ofFile(basename(file.path))),
  })
  return [
    summary(read.purchases, outcome.purchases),
    summary(read.confirmations, outcome.confirmations),
    summary(read.costs, { kept: read.costs.found.kept, duplicates: 0 }),
    summary(read.sessions, outcome.sessions),
  ]
}

const byReason = (counts: ReadonlyMap<string, number>): ByReason =>
  Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)))
