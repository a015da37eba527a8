import type { Anomaly } from '../anomaly/anomaly.ts'
import type { ReconciliationSummary } from '../reconciliation/reconciliation.ts'
import type { Roas } from '../roas/roas.ts'
import type { InputSummary, RunSummary } from '../runs/runs.ts'
import type { Details } from './details.ts'

/** All that the page shows. */
export type PageData = {
  readonly summary: ReconciliationSummary
  readonly details: Details
  /** D-1 in days since 1970, and how it was chosen. */
  readonly d1: { readonly day: number; readonly reason: RunSummary['d1']['reason'] }
  readonly byDay: ReadonlyMap<number, readonly Roas[]>
  /** Of D-1, one for each campaign of it. */
  readonly anomalies: readonly Anomaly[]
  /** Distinct users by day, of D-1 and the days before it that had any. */
  readonly usersByDay: ReadonlyMap<number, number>
  readonly inputs: readonly InputSummary[]
  readonly notes: readonly string[]
}
