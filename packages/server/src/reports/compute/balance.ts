import { basename } from 'node:path'
import type { Fates } from '../inspect/inspect.ts'
import type { ByReason, InputSummary } from '../runs/runs.ts'
import type { Counts } from './clean-rows.ts'
import type { Inspected } from './inputs.ts'
import type { ReadInputs } from './read-inputs.ts'

/** What came out of the engine: counted apart from what went in, so that a lost row shows. */
export type Outcome = {
  readonly purchases: Counts
  readonly confirmations: Counts
  readonly sessions: Counts
}

/** Where the rows of each file ended. */
export function inputSummaries(read: ReadInputs, outcome: Outcome): readonly InputSummary[] {
  const { kept } = read.costs.found
  return [
    inputSummary(read.purchases, outcome.purchases),
    inputSummary(read.confirmations, outcome.confirmations),
    inputSummary(read.costs, { kept, duplicates: 0 }),
    inputSummary(read.sessions, outcome.sessions),
  ]
}

function inputSummary(
  { file, found, rejected }: Inspected<Fates>,
  { kept, duplicates }: Counts,
): InputSummary {
  return {
    file: basename(file.path),
    sha256: file.sha256,
    bytes: file.bytes,
    rows_in: file.records + file.unreadable,
    kept,
    duplicates,
    filtered: byReason(found.filtered),
    rejected: byReason(rejected),
  }
}

const byReason = (counts: ReadonlyMap<string, number>): ByReason =>
  Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)))
