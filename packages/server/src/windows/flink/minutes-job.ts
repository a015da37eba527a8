import { FACT_KEY } from '../fact-columns.ts'
import { GRAIN_MS } from '../grains.ts'
import { factViews, IS_EVENT, insertFacts, isLate } from './facts-sql.ts'
import { fingerprintOf, type Job, jobProperties } from './job.ts'
import {
  columnList,
  ENRICHED_COLUMNS,
  enrichedStream,
  enrichedWhole,
  type FlinkTables,
  lateStream,
  postgresTable,
} from './tables.ts'

export type MinutesSettings = {
  readonly parallelism: number
  readonly checkpointMs: number
  /** How long after its minute an event may be received and still be counted at once. */
  readonly graceMs: number
}

export const MINUTES_JOB = 'questline-minutes'

/**
 * The job that never ends: minutes from `events_enriched`, what came late to `events_late`.
 * @param since counts minutes from then on, in milliseconds since the epoch; null: all that the topic holds
 */
export function minutesJob(
  tables: FlinkTables,
  { parallelism, checkpointMs, graceMs }: MinutesSettings,
  since: number | null,
): Job {
  const from = since === null ? [] : [`time_ms >= ${since}`]
  const names = columnList(Object.keys(ENRICHED_COLUMNS))
  const counted = [IS_EVENT, `${isLate(graceMs)} IS NOT TRUE`, ...from].join('\n  AND ')
  // Of earlier minutes too: what came late since then the job before may not have read any more.
  const late = [IS_EVENT, `${isLate(graceMs)} IS TRUE`].join('\n  AND ')
  return {
    name: MINUTES_JOB,
    properties: jobProperties(MINUTES_JOB, parallelism, {
      'execution.runtime-mode': 'streaming',
      // Together a third faster. Two phases would keep rows in buffers that a restart forgets.
      'pipeline.object-reuse': 'true',
      'table.optimizer.agg-phase-strategy': 'ONE_PHASE',
      'execution.checkpointing.interval': `${checkpointMs} ms`,
      'execution.checkpointing.mode': 'EXACTLY_ONCE',
      // Or there is nothing to go on from when the JobManager dies.
      'execution.checkpointing.externalized-checkpoint-retention': 'RETAIN_ON_CANCELLATION',
    }),
    definitions: [
      enrichedStream(tables, MINUTES_JOB, graceMs, since),
      lateStream(tables),
      factsTable(tables),
      ...factViews('minute', counted),
    ],
    inserts: [
      insertFacts('minute'),
      `INSERT INTO events_late (${names}, \`received\`)
SELECT ${names}, TO_TIMESTAMP_LTZ(received_ms, 3) FROM events_enriched
WHERE ${late}`,
    ],
  }
}

/** Of what is counted: addresses and passwords may change, and a state is still that of the same SQL. */
export function minutesFingerprint(
  { topics }: FlinkTables,
  settings: MinutesSettings,
  since: number | null,
): string {
  const nowhere = { brokers: [], kafka: {}, topics, jdbc: { url: '', user: '', password: '' } }
  return fingerprintOf(minutesJob(nowhere, settings, since))
}

const factsTable = (tables: FlinkTables): string =>
  postgresTable(
    tables,
    'analytics.window_facts',
    Object.fromEntries([
      ...FACT_KEY.map((name) => [name, name === 'start' ? 'BIGINT' : 'STRING']),
      ['value', 'BIGINT'],
    ]),
    FACT_KEY,
  )

/** Whole UTC days, in milliseconds since the epoch; `to` is not included. */
export type Days = { readonly from: number; readonly to: number }

const RESTATE_JOB = 'questline-restate'

/**
 * The job that counts whole days anew, late events and all: their minutes, hours and days. It reads
 * the topic as it lies there, so the days must not have left it.
 */
export function restateJob(
  tables: FlinkTables,
  { parallelism }: Pick<MinutesSettings, 'parallelism'>,
  { from, to }: Days,
): Job {
  const where = `${IS_EVENT}\n  AND time_ms >= ${from} AND time_ms < ${to}`
  const grains = ['minute', 'hour', 'day'] as const
  return {
    name: RESTATE_JOB,
    properties: batchProperties(RESTATE_JOB, parallelism),
    definitions: [
      enrichedWhole(tables, RESTATE_JOB, from),
      factsTable(tables),
      ...grains.flatMap((grain) => factViews(grain, where)),
    ],
    inserts: grains.map((grain) => insertFacts(grain)),
  }
}

/** The insert of a batch job answers when it is done. */
export const batchProperties = (name: string, parallelism: number) =>
  jobProperties(name, parallelism, {
    'execution.runtime-mode': 'batch',
    'table.dml-sync': 'true',
  })

/** The beginning of the minute in which an instant lies. */
export const minuteOf = (epochMs: number): number => epochMs - (epochMs % GRAIN_MS.minute)
