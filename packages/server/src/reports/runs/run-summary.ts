/** What one computation of the reports is asked for. */
export type ComputeRequest = {
  /** The folder of the four CSV files. */
  readonly data: string
  /** An empty folder for whatever does not fit into memory; removed by whoever asked. */
  readonly scratch: string
  /** An empty folder that gets all output files, and nothing else. */
  readonly target: string
  /** D-1 as `YYYY-MM-DD`; without it, it is chosen from the data. */
  readonly date?: string
  /** The zone of times that name none: `UTC`, an IANA name or `±HH:MM`. */
  readonly inputZone: string
  /** Receipts that match it are no sales. */
  readonly badReceiptPattern?: string
  readonly memoryLimitMb: number
  readonly threads: number
  /** Milliseconds since the epoch; its UTC day is today. */
  readonly now: number
  /** How a row of a file (its name) is shown that is rejected, where the files were made of something else. */
  readonly describeRejected?: (file: string, row: RejectedRow) => RejectedRow
  /** What readers should know of the data beside what is found in it. */
  readonly notes?: readonly string[]
}

/** A row that goes to `rejected_rows.csv`. */
export type RejectedRow = {
  readonly line: number
  readonly reason: string
  readonly raw: string
}

/** How far a computation has come, for whoever waits for it. */
export type Progress = {
  /** @param done share of the whole computation, 0 to 1, never less than before */
  stage(label: string, done: number): void
  /**
   * This output (its name in `target`) is complete and stays as it is: it can go to disk meanwhile. With
   * `output` it is there already.
   */
  written(file: string, output?: Output): void
}

/**
 * Computes all reports. The same request gives the same bytes in `target`.
 * @throws RunError `input` for files and columns that are not as they must be, `fault` for our own
 */
export type Compute = (request: ComputeRequest, progress: Progress) => Promise<RunSummary>

/** Rows by reason; a reason without rows is left out. */
export type ByReason = Readonly<Record<string, number>>

/** Where the rows of one file ended: `rows_in` is the sum of the four fates. */
export type InputSummary = {
  /** As it was found in the data folder. */
  readonly file: string
  readonly sha256: string
  readonly bytes: number
  readonly rows_in: number
  readonly kept: number
  readonly duplicates: number
  readonly filtered: ByReason
  readonly rejected: ByReason
}

export type DateReason =
  | 'asked'
  | 'yesterday'
  | 'second-newest-day'
  | 'only-day'
  | 'newest-cost-day'
  | 'no-data'

/** What a computation found, as `run.json` prints it. */
export type RunSummary = {
  /**
   * Of a run from the log: its inputs but for the costs are files that were made of the log up to
   * this offset, itself included, and are gone; their hashes are of these.
   */
  readonly log_offset?: number
  readonly inputs: readonly InputSummary[]
  /** D-1, and how it was chosen. */
  readonly d1: { readonly date: string; readonly reason: DateReason }
  readonly reconciliation: {
    readonly matched: number
    readonly af_only: number
    readonly confirmed_only: number
  }
  readonly anomalies: { readonly critical: number; readonly warning: number }
  /** What a reader of the reports should know, one sentence each, as summed cost rows. */
  readonly notes: readonly string[]
  /** Milliseconds by stage, in the order of the stages. */
  readonly durations_ms: Readonly<Record<string, number>>
}

export type RunStatus = 'running' | 'finished' | 'failed'

export type Output = { readonly sha256: string; readonly bytes: number }

/** Where purchases, confirmations and sessions are from; costs are a CSV file in any case. */
export type Source = 'csv' | 'log'

/** What decides the reports beside the data. */
export type RunParameters = {
  readonly source: Source
  readonly data: string
  readonly date: string | null
  readonly input_zone: string
  readonly bad_receipt_pattern: string | null
  readonly memory_limit_mb: number
  readonly threads: number
}

/** `run.json`: in the folder of each run, and beside the reports of the newest good one. */
export type RunRecord = {
  readonly run: string
  readonly status: RunStatus
  readonly started_at: string
  readonly finished_at: string | null
  /** Why it failed, in one line. */
  readonly error: string | null
  /** D-1 of a finished run. */
  readonly date: string | null
  readonly rows_in: number
  readonly rejected: number
  readonly parameters: RunParameters
  readonly versions: Readonly<Record<string, string>>
  /** By file name, without `run.json` itself. */
  readonly outputs: Readonly<Record<string, Output>>
} & Partial<RunSummary>

/** A run that was finished: its reports are whole. */
export type GoodRun = RunRecord & RunSummary & { readonly date: string }

/**
 * - `input`: files, columns, options or folders that the caller can put right
 * - `fault`: our own fault
 * - `busy`: another run is in progress
 * - `interrupted`: somebody stopped it
 */
export type RunErrorKind = 'input' | 'fault' | 'busy' | 'interrupted'

/** Why a run ended without reports, in one line for people. */
export class RunError extends Error {
  readonly kind: RunErrorKind
  constructor(kind: RunErrorKind, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'RunError'
    this.kind = kind
  }
}

const sum = (counts: Iterable<number>): number => {
  let total = 0
  for (const count of counts) total += count
  return total
}

export const rowsIn = ({ inputs }: Pick<RunSummary, 'inputs'>): number =>
  sum(inputs.map(({ rows_in }) => rows_in))

export const rejectedRows = ({ inputs }: Pick<RunSummary, 'inputs'>): number =>
  sum(inputs.flatMap(({ rejected }) => Object.values(rejected)))

/** The files whose rows did not each end in exactly one place, in words. */
export const unbalanced = ({ inputs }: Pick<RunSummary, 'inputs'>): readonly string[] =>
  inputs.flatMap(({ file, rows_in, kept, duplicates, filtered, rejected }) => {
    const out = kept + duplicates + sum(Object.values(filtered)) + sum(Object.values(rejected))
    return out === rows_in ? [] : [`${file}: ${rows_in} rows in, ${out} accounted for`]
  })
