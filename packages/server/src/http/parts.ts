import type { Accounts } from '../accounts/accounts.ts'
import type { Attribution } from '../attribution/attribution.ts'
import type { InFlight } from '../idempotency/idempotency.ts'
import type { Ingest } from '../ingest/ingest.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Log } from '../log/log.ts'
import type { Clock, Logger, Random } from '../platform/platform.ts'
import type { ArrivedMinute, ArrivedRange } from '../quality/quality.ts'
import type { GoodRun, OpenReport, Pipeline, RunRecord } from '../reports/reports.ts'
import type { Tracing } from '../tracing/tracing.ts'
import type { ChangedMinute, KpiPosition, KpiQuery, KpiWindow, Loss } from '../windows/windows.ts'
import type { HeaderSettings } from './headers.ts'
import type { KpiStreams } from './kpi-streams.ts'
import type { LimitSettings, Sharing } from './limits.ts'
import type { IsUnavailable } from './problems.ts'
import type { Load, SheddingSettings } from './shedding.ts'

/** Ways in that development leaves open and production closes. */
export type Doors = {
  readonly statsPublic: boolean
  readonly playerEarn: boolean
  readonly healthCountsPublic: boolean
  readonly metricsPublic: boolean
  readonly docsPublic: boolean
  readonly pipeline: boolean
}

/** The reports as files: whoever makes them, in this process or not. */
export type Reports = {
  readonly start: Pipeline['start']
  /** All runs, newest first. */
  list(): Promise<readonly RunRecord[]>
  /** The newest good run; with `date` the newest one with that D-1. */
  newest(date?: string): Promise<GoodRun | undefined>
  /** A file of that run by its name. */
  open(file: string, date?: string): Promise<OpenReport | undefined>
}

/** What the consumers of the log have counted, whichever process they run in. */
export type LiveNumbers = {
  windows(query: KpiQuery): Promise<readonly KpiWindow[]>
  /** The next minutes that changed after a position. */
  changes(
    after: KpiPosition,
    filter: Omit<KpiQuery, 'grain' | 'from' | 'to'>,
  ): Promise<readonly ChangedMinute[]>
  /** Before the minutes that changed last. */
  newest(): Promise<KpiPosition>
  /** What arrived, and what became of it; null when that is more than was asked for. */
  arrivals(range: ArrivedRange): Promise<readonly ArrivedMinute[] | null>
  /** How far each consumer is, in offsets of the log. */
  consumers(): Promise<readonly { readonly name: string; readonly offset: number }[]>
  /** `app` null: of all apps. */
  loss(app: string | null): Promise<readonly Loss[]>
  /** Calls whenever minutes may have changed; the result ends that. */
  onChange(listener: () => void): () => void
}

export type HttpSettings = HeaderSettings &
  SheddingSettings & {
    readonly environment: string
    /** No API here: only health and metrics. */
    readonly isForOperatorsOnly: boolean
    readonly databaseType: string
    readonly trustProxy: readonly string[]
    readonly requestTimeoutMs: number
    readonly limits: LimitSettings
    readonly doors: Doors
    readonly defaultApp: string
    readonly defaultCurrency: string
    /** Empty: any. */
    readonly currencies: readonly string[]
    readonly earnDailyMax: number | null
  }

export type HttpParts = {
  readonly accounts: Accounts
  readonly ledger: Ledger
  readonly log: Log
  readonly ingest: Ingest
  readonly attribution: Attribution
  readonly reports: Reports
  readonly numbers: LiveNumbers
  readonly inFlight: InFlight
  /** Null where this is the only node. */
  readonly sharing: Sharing | null
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly isUnavailable: IsUnavailable
  readonly load: () => Load
  readonly isStopping: () => boolean
  /** Null when writes can be taken, else why not. Cached by whoever passes it. */
  readonly readiness: () => Promise<string | null>
  /** What somebody should look at though the server goes on, one sentence each. */
  readonly alarms: () => readonly string[]
  /** Null when off. */
  readonly tracing: Tracing | null
  /** Prometheus text. */
  readonly metrics: () => Promise<string>
  /** For a route, method and status: takes the seconds that each request took. */
  readonly observer: (labels: readonly string[]) => (seconds: number) => void
}

/** What an endpoint's factory takes. */
export type EndpointParts = HttpParts & {
  readonly settings: HttpSettings
  readonly streams: KpiStreams
}
