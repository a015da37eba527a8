/** Midnight, so that the events fill whole days. */
export const BEGIN = Date.UTC(2026, 2, 1)
export const DAYS = 10

export type FillJob = { readonly folder: string; readonly events: number }

export type WriteJob = {
  readonly folder: string
  readonly lake: string
}
export type Written = {
  readonly events: number
  /** User and system time of the process, DuckDB's own threads too. */
  readonly cpuSeconds: number
  readonly seconds: number
  readonly peakMb: number
  readonly bytes: number
}

export type CountJob = {
  readonly folder: string
  readonly lake: string
  /** `log`: the batches of the books themselves, unpacked and counted here; only `days`. */
  readonly engine: 'lake' | 'sqlite' | 'log'
  /** The report with its roll-ups, or the users of each day alone. */
  readonly question: 'report' | 'days'
  readonly runs: number
}
export type Counted = {
  readonly seconds: readonly number[]
  readonly cpuSeconds: readonly number[]
  readonly peakMb: number
  /** Of all rows, to compare the engines. */
  readonly sum: number
}
