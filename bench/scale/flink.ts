import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { openAnalytics } from '../../packages/server/src/analytics/analytics.ts'
import {
  type Kafka,
  type KafkaRecord,
  type NewRecord,
  topicNames,
} from '../../packages/server/src/kafka/kafka.ts'
import { systemRandom } from '../../packages/server/src/platform/platform.ts'
import { type Lab, runChild } from '../harness/harness.ts'
import type { Consumed, ConsumeJob } from '../windows/consume.ts'
import type { FillJob } from '../windows/fill-log.ts'
import type { Cluster } from './cluster.ts'
import { within } from './database-bytes.ts'
import { microseconds, POSTGRES, usedSince, usesOf } from './meter.ts'
import { connectTo, onKafka, PARTITIONS, PREFIXES } from './stages.ts'

const MINUTE = 60_000
/**
 * What the stages have left is laid on the topic so often. Flink's compilers see the first of these;
 * a job that resumes is new to them in part, so a short one would show what they take.
 */
const MINUTES = { warmup: 3, measured: 8 }
const PRODUCE_AT_ONCE = 5_000
const DONE_MAX_MS = 300_000

export type FlinkResult = {
  readonly records: number
  readonly perSecond: number
  readonly us: {
    readonly taskManager: number
    readonly postgres: number
    readonly broker: number
  }
  /** Read and written by the TaskManager, for each record. */
  readonly networkBytes: number
  readonly rows: number
  readonly embedded: EmbeddedResult
}
export type EmbeddedResult = {
  /** Of CPU, an event, by stage. */
  readonly us: Readonly<Record<string, number>>
  readonly rssMb: number
}

/** The job of minutes over a topic that holds them all, and the same windows in our own process. */
export async function measureFlink(lab: Lab, cluster: Cluster): Promise<FlinkResult> {
  const embedded = await embeddedWindows(lab)
  const kafka = await connectTo(cluster)
  try {
    return { ...(await minutesJob(lab, cluster, kafka)), embedded }
  } finally {
    await kafka.close()
  }
}

async function minutesJob(lab: Lab, cluster: Cluster, kafka: Kafka) {
  const database = await cluster.database('minutes')
  const settings = { ...database, ...onKafka(cluster, PREFIXES.prepared) }
  const url = database['ANALYTICS_URL'] ?? ''
  await makeTables(url)
  const flink = commandOf(cluster, settings)
  const minute = await recordsOf(kafka, topicNames(PREFIXES.books)['events-enriched'])
  const lay = (from: number, count: number) => layMinutes(kafka, minute, from, count)
  const watched = {
    ...{ taskmanager: cluster.pid('taskmanager'), [POSTGRES]: cluster.pid(POSTGRES) },
    broker: cluster.pid('kafka'),
  }
  await lay(0, MINUTES.warmup)
  await flink('deploy')
  await minuteShows(url, MINUTES.warmup - 1)
  await flink('stop')
  await lay(MINUTES.warmup, MINUTES.measured)
  const [uses, begun] = [usesOf(watched), performance.now()]
  await flink('resume')
  await minuteShows(url, MINUTES.warmup + MINUTES.measured - 1)
  const seconds = (performance.now() - begun) / 1_000
  const used = usedSince(uses, usesOf(watched))
  await flink('stop')
  const records = minute.length * MINUTES.measured
  const result = {
    ...{ records, perSecond: records / seconds },
    us: {
      taskManager: microseconds(used, 'taskmanager', records),
      postgres: microseconds(used, POSTGRES, records),
      broker: microseconds(used, 'broker', records),
    },
    networkBytes: (used.get('taskmanager')?.bytes ?? 0) / records,
    rows: await rowsOf(url),
  }
  lab.say(
    `Flink: ${records} records, ${Math.round(result.perSecond)}/s, ${result.us.taskManager.toFixed(1)} µs of CPU each`,
  )
  return result
}

/** Which the first process of questline makes otherwise. */
async function makeTables(url: string): Promise<void> {
  const analytics = await openAnalytics(
    { now: Date.now, random: systemRandom() },
    { kind: 'postgres', url, connectTimeoutMs: 5_000 },
  )
  await analytics.close()
}

/** `questline flink …` with a folder of its own, since what is known of a job lies there. */
export function commandOf(cluster: Cluster, settings: Readonly<Record<string, string>>) {
  const dataDir = join(cluster.folder, settings['KAFKA_TOPIC_PREFIX'] ?? 'flink')
  mkdirSync(dataDir, { recursive: true })
  const [program, words, env] = cluster.engines.command
  return async (...command: readonly string[]): Promise<string> => {
    const all = [...words, 'flink', ...command]
    const options = { env: { ...env, ...settings, DATA_DIR: dataDir }, timeout: 120_000 }
    const { stdout } = await promisify(execFile)(program, all, options)
    return stdout
  }
}

/** All that quality has left, of all partitions, without heartbeats. */
async function recordsOf(kafka: Kafka, topic: string): Promise<readonly KafkaRecord[]> {
  const ends = await kafka.ends(topic)
  const positions = new Map(ends.map(({ first }, partition) => [partition, first]))
  const reader = await kafka.reader(topic)
  const all: KafkaRecord[] = []
  for (;;) {
    const { records, next } = await reader.fetch(positions, { bytes: 4_194_304, waitMs: 100 })
    if (next.size === 0) break
    for (const [partition, offset] of next) positions.set(partition, offset)
    for (const record of records) {
      if (record.value !== null && !isHeartbeat(record.value)) all.push(record)
    }
  }
  await reader.close()
  return all
}

const isHeartbeat = (value: Buffer): boolean => value.includes('"event_type":"heartbeat"')

const FIRST_MINUTE = Date.UTC(2026, 2, 1, 12)
/** Every other one, so that heartbeats can close a minute before the next has begun. */
const beginOf = (minute: number): number => FIRST_MINUTE + 2 * minute * MINUTE

/** Each minute holds the same records with ids and times of its own, and ends by heartbeats. */
async function layMinutes(
  kafka: Kafka,
  records: readonly KafkaRecord[],
  from: number,
  count: number,
): Promise<void> {
  const topic = topicNames(PREFIXES.prepared)['events-enriched']
  const texts = records.map(({ value }) => value?.toString() ?? '')
  for (let minute = from; minute < from + count; minute++) {
    const began = beginOf(minute)
    const mark = minute.toString(16).padStart(8, '0')
    const atOf = (index: number) => began + Math.floor((index * MINUTE) / records.length)
    for (let first = 0; first < records.length; first += PRODUCE_AT_ONCE) {
      const part = records.slice(first, first + PRODUCE_AT_ONCE)
      await kafka.produce(
        part.map(({ key, partition }, index): NewRecord => {
          const at = atOf(first + index)
          const value = (texts[first + index] ?? '')
            .replace(/"event_id":"[^-]*/, `"event_id":"${mark}`)
            .replace(/"time_ms":\d+,"received_ms":\d+/, `"time_ms":${at},"received_ms":${at}`)
          return { topic, key: key ?? '', partition, value, timestamp: at }
        }),
      )
    }
    await kafka.produce(heartbeats(topic, began + MINUTE + 30_000))
  }
}

const heartbeats = (topic: string, timeMs: number): readonly NewRecord[] =>
  Array.from({ length: PARTITIONS }, (_, partition) => ({
    ...{ topic, key: '', partition, timestamp: timeMs },
    value: JSON.stringify({ event_type: 'heartbeat', time_ms: timeMs }),
  }))

async function minuteShows(url: string, minute: number): Promise<void> {
  const start = beginOf(minute)
  const until = performance.now() + DONE_MAX_MS
  for (;;) {
    const shown = await within(url, async (client) => {
      const query = 'SELECT count(*)::int AS rows FROM analytics.window_facts WHERE start = $1'
      return (await client.query<{ readonly rows: number }>(query, [start])).rows[0]?.rows ?? 0
    })
    if (shown > 0) return
    if (performance.now() > until) throw new Error('Flink does not write the last minute')
    await sleep(200)
  }
}

const rowsOf = (url: string): Promise<number> =>
  within(url, async (client) => {
    const query = 'SELECT count(*)::int AS rows FROM analytics.window_facts'
    return (await client.query<{ readonly rows: number }>(query)).rows[0]?.rows ?? 0
  })

const EMBEDDED = { events: 200_000, warmup: 60_000, batchEvents: 5_000 }

/** As bench/windows measures them, in this run: on SQLite, as a server of one process has them. */
async function embeddedWindows(lab: Lab): Promise<EmbeddedResult> {
  const folder = mkdtempSync(join(lab.folder, 'windows-'))
  const script = (name: string) => join(import.meta.dirname, '../windows', name)
  try {
    const fill: FillJob = { folder, events: EMBEDDED.events }
    await runChild(script('fill-log.ts'), { core: lab.cores.generator }, fill)
    const { batchEvents, warmup } = EMBEDDED
    const job: ConsumeJob = {
      folder,
      analyticsFolder: folder,
      batchEvents,
      warmup,
      checkpoints: true,
    }
    const { stages, rssMb } = await runChild<Consumed>(
      ...([script('consume.ts'), { core: lab.cores.server }, job] as const),
    )
    const us = Object.entries(stages).map(([name, { cpuUs, events }]) => [name, cpuUs / events])
    return { us: Object.fromEntries(us), rssMb }
  } finally {
    rmSync(folder, { recursive: true })
  }
}
