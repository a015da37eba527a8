// The server's own reports: runs that somebody asks for and runs of every day, in a process of their
// own, one at a time.
import { join } from 'node:path'
import type { Books } from '../books/books.ts'
import { type Config, processEnvironment } from '../config/config.ts'
import type { ReportSettings } from '../config/report-settings.ts'
import { measureRuns } from '../measure.ts'
import type { Metrics, Stop } from '../platform/platform.ts'
import {
  createPipeline,
  type EndedRun,
  type GoodRun,
  isClaimed,
  listRuns,
  newestGoodRun,
  type OpenReport,
  openReport,
  type Pipeline,
  type PipelineSettings,
  type RunRecord,
  settleRuns,
} from '../reports/runs/runs.ts'
import type { DailyReportsParts } from './daily-reports.ts'
import { restateByCommand, scheduleRestatement } from './daily-restatement.ts'

/** What a server does with reports: it has them made, and shows them. */
export type ReportsDesk = {
  readonly start: Pipeline['start']
  list(): Promise<readonly RunRecord[]>
  newest(date?: string): Promise<GoodRun | undefined>
  open(file: string, date?: string): Promise<OpenReport | undefined>
  /** Brings in order what an earlier process left; the result stops the run in progress. */
  begin(): Promise<Stop>
  /** What the schedule works with. */
  readonly daily: DailyReportsParts
}

/** Our own command, with as much heap as the reports may have memory. */
const ownProgram = ({ memoryLimitMb }: ReportSettings): PipelineSettings['program'] => [
  process.execPath,
  '--disable-proto=delete',
  `--max-old-space-size=${memoryLimitMb}`,
  join(import.meta.dirname, '..', 'cli.ts'),
]

export function createReports(
  { config, store, world: { clock, logger } }: Books,
  metrics: Metrics,
  program = ownProgram(config.reports),
): ReportsDesk {
  const { reports: settings } = config
  const { out } = settings
  const runs = measureRuns(metrics, clock.monotonic)
  const onEnd = ({ run, returncode, stderr }: EndedRun): void => {
    if (returncode === 0) logger.info({ run }, 'the reports are made')
    else logger.warn({ run, returncode, reason: stderr }, 'the reports could not be made')
  }
  const pipeline = createPipeline(
    { now: clock.now, onEnd },
    {
      program,
      environment: environmentOf(config),
      out,
      timeLimitMs: settings.timeLimitMs,
    },
  )
  const start: Pipeline['start'] = async (request) => {
    const started = await pipeline.start(request)
    if (typeof started === 'string') return started
    const ended = runs.begin()
    void started.ended.then(ended, ended)
    return started
  }
  return {
    start,
    list: () => listRuns(out),
    newest: (date) => newestGoodRun(out, date),
    open: (file, date) => openReport(out, file, date),
    async begin() {
      await settleRuns(out, clock.now()).catch((error: unknown) => {
        logger.warn({ err: error }, 'the reports of an earlier run could not be brought in order')
      })
      const restate = restateByCommand(processEnvironment())
      const { restatement } = config.flink
      const stopRestating = await scheduleRestatement(
        { store, clock, logger, restate },
        restatement,
      )
      return async () => {
        await stopRestating()
        await pipeline.stop()
      }
    },
    daily: { store, clock, logger, start, isBusy: () => isClaimed(out) },
  }
}

/**
 * The settings of a run as the command reads them, and nothing else: above all no secret, but for the
 * password of PostgreSQL where the run reads the log.
 */
const environmentOf = ({
  reports: settings,
  store: { database },
}: Pick<Config, 'reports' | 'store'>): Readonly<Record<string, string>> => ({
  ...(settings.source === 'log' ? databaseSettings(database) : {}),
  REPORTS_SOURCE: settings.source,
  DATA_DIR: settings.data,
  REPORTS_DIR: settings.out,
  REPORTS_INPUT_ZONE: settings.inputZone,
  BAD_RECEIPT_PATTERN: settings.badReceiptPattern ?? '',
  REPORTS_MEMORY_MB: String(settings.memoryLimitMb),
  REPORTS_THREADS: String(settings.threads),
  RUNS_KEEP_DAYS: String(settings.keepDays),
})

const databaseSettings = (
  database: Config['store']['database'],
): Readonly<Record<string, string>> =>
  database.kind === 'sqlite'
    ? {
        DATABASE_URL: `sqlite:///${database.file}`,
        SQLITE_BUSY_TIMEOUT_MS: String(database.busyTimeoutMs),
      }
    : {
        DATABASE_URL: database.url,
        PG_CONNECTIONS_MAX: String(database.connectionsMax),
        PG_CONNECT_TIMEOUT_MS: String(database.connectTimeoutMs),
        PG_POOLER: database.pooler ? 'on' : 'off',
      }
