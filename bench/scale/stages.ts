import { join } from 'node:path'
import {
  connectKafka,
  type Kafka,
  setUpTopics,
  topicNames,
  topicPlans,
} from '../../packages/server/src/kafka/kafka.ts'
import { endedChildrenCpuSeconds, type Lab, runChild } from '../harness/harness.ts'
import { cpuSecondsOf } from '../harness/process-usage.ts'
import { BATCH_EVENTS } from './batches.ts'
import type { Cluster } from './cluster.ts'
import { fileBytes, filesBelow, logBytes } from './log-bytes.ts'
import { POSTGRES, type StageUs, stageUs, usedSince, usesOf } from './meter.ts'
import { answersOf, sendBatches } from './nodes.ts'
import type { StageCost, StageJob } from './stage.ts'
import type { StageName } from './stage-work.ts'

/** Topics of what came through the books, of what came straight to Kafka, and of what Flink is given. */
export const PREFIXES = { books: 'books-', direct: 'direct-', prepared: 'prepared-' } as const
export const PARTITIONS = 6
/** So much waits for the stages, or what a slow machine takes in that time. */
const FILL = { events: 150_000, rounds: 8 }
const FILL_LOAD = { connections: 16, perSecond: 800, seconds: 4, warmupSeconds: 0 }

export type StagesResult = {
  readonly books: Readonly<Record<StageName, StageCost>>
  readonly direct: Readonly<Record<'split' | 'enrich', StageCost>> & { readonly ingest: DirectCost }
  readonly lake: LakeCost
}

/** Of an event that the API nodes write straight to Kafka. */
export type DirectCost = Omit<
  StageCost,
  'waiting' | 'records' | 'written' | 'tableBytes' | 'walBytes'
>
export type { StageCost } from './stage.ts'
export type LakeCost = {
  readonly us: StageUs
  /** Of Parquet, all topics of the lake together. */
  readonly bytes: number
  readonly files: number
}

/** Each stage alone over what waits for it, so that each has all the machine and its batches are full. */
export async function measureStages(lab: Lab, cluster: Cluster): Promise<StagesResult> {
  const kafka = await connectTo(cluster)
  for (const prefix of Object.values(PREFIXES)) {
    const topics = topicNames(prefix)
    const plan = { topics, partitions: PARTITIONS, replication: 1, retentionHours: 1_000_000 }
    await setUpTopics(kafka, topicPlans(plan))
  }
  await kafka.close()
  const database = await cluster.database('events')
  const settings = { ...database, ...onKafka(cluster, PREFIXES.books) }
  const events = await fillLog(lab, settings)
  const url = database['DATABASE_URL'] ?? ''
  const stage = (name: StageName, prefix: string) => costOf(lab, cluster, name, prefix, url)
  const books = {
    relay: await stage('relay', PREFIXES.books),
    split: await stage('split', PREFIXES.books),
    enrich: await stage('enrich', PREFIXES.books),
  }
  if (books.relay.waiting !== events) {
    throw new Error(`${events} events were sent and ${books.relay.waiting} are in the log`)
  }
  const direct = {
    ingest: await sendDirectly(lab, cluster, settings),
    split: await stage('split', PREFIXES.direct),
    enrich: await stage('enrich', PREFIXES.direct),
  }
  return { books, direct, lake: await writeLake(lab, cluster, settings, events) }
}

/** @returns how many events it has then */
async function fillLog(lab: Lab, settings: Readonly<Record<string, string>>): Promise<number> {
  await using server = await lab.startServer('fills the log', { ...settings, ROLE: 'api' })
  let events = 0
  for (let round = 1; round <= FILL.rounds && events < FILL.events; round++) {
    events += answersOf(await sendBatches(lab, server.port, FILL_LOAD, round)) * BATCH_EVENTS
  }
  return events
}

export const connectTo = (cluster: Cluster): Promise<Kafka> =>
  connectKafka({
    ...{ brokers: [cluster.engines.addresses.KAFKA_BROKERS], tls: null, sasl: null },
    clientId: 'bench',
  })

export const onKafka = (cluster: Cluster, prefix: string) => ({
  KAFKA_BROKERS: cluster.engines.addresses.KAFKA_BROKERS,
  KAFKA_TOPIC_PREFIX: prefix,
})

const logsOf = ({ folder }: Cluster): string => join(folder, 'kafka-data')

async function costOf(
  { cores, say }: Lab,
  cluster: Cluster,
  stage: StageName,
  prefix: string,
  url: string,
): Promise<StageCost> {
  const job: StageJob = {
    ...{ stage, prefix, url, brokers: [cluster.engines.addresses.KAFKA_BROKERS] },
    ...{ postgres: cluster.pid(POSTGRES), kafka: cluster.pid('kafka'), logs: logsOf(cluster) },
  }
  const script = join(import.meta.dirname, 'stage.ts')
  const cost = await runChild<StageCost>(script, { core: cores.server }, job)
  const { own, postgres, broker } = cost.us
  say(
    `${prefix}${stage}: ${cost.records} records, ${Math.round(cost.perSecond)}/s, µs of CPU each: its own ${own.toFixed(1)}, PostgreSQL ${postgres.toFixed(1)}, broker ${broker.toFixed(1)}`,
  )
  return cost
}

/** `INGEST_LOG=kafka`: answered when the brokers have it. */
async function sendDirectly(
  lab: Lab,
  cluster: Cluster,
  settings: Readonly<Record<string, string>>,
): Promise<DirectCost> {
  await using server = await lab.startServer('straight to Kafka', {
    ...{ ...settings, ...onKafka(cluster, PREFIXES.direct) },
    ...{ ROLE: 'api', INGEST_LOG: 'kafka' },
  })
  await sendBatches(lab, server.port, { connections: 16, seconds: 2 }, 2)
  const watched = {
    ...{ own: server.pids[0] ?? 0, [POSTGRES]: cluster.pid(POSTGRES) },
    broker: cluster.pid('kafka'),
  }
  const before = { uses: usesOf(watched), logs: logBytes(logsOf(cluster), PREFIXES.direct) }
  const result = await sendBatches(lab, server.port, { connections: 32 }, 3)
  const uses = usedSince(before.uses, usesOf(watched))
  const events = answersOf(result) * BATCH_EVENTS
  return {
    perSecond: result.perSecond * BATCH_EVENTS,
    us: stageUs(uses, events),
    networkBytes: (uses.get('own')?.bytes ?? 0) / events,
    logBytes: (logBytes(logsOf(cluster), PREFIXES.direct) - before.logs) / events,
  }
}

/** The role `lake` over everything that the stages have left in the log and on the topics, in one batch. */
async function writeLake(
  lab: Lab,
  cluster: Cluster,
  settings: Readonly<Record<string, string>>,
  events: number,
): Promise<LakeCost> {
  const folder = join(cluster.folder, 'lake')
  const server = await lab.startServer('lake', {
    ...{ ...settings, ROLE: 'lake', LAKE_DIR: folder, LAKE_BATCH_SEC: '3600' },
  })
  const engines = { [POSTGRES]: cluster.pid(POSTGRES), broker: cluster.pid('kafka') }
  const before = usesOf(engines)
  const started = (endedChildrenCpuSeconds() ?? 0) + (cpuSecondsOf(server.pids) ?? 0)
  // It writes what waits when it is asked to end, and what that took is known when it has ended.
  await server[Symbol.asyncDispose]()
  const own = (endedChildrenCpuSeconds() ?? 0) - started
  const uses = usedSince(before, usesOf(engines))
  const cost = {
    us: { ...stageUs(uses, events), own: (own * 1e6) / events },
    bytes: fileBytes(folder, '.parquet') / events,
    files: filesBelow(folder, '.parquet').length,
  }
  lab.say(`lake: ${cost.us.own.toFixed(1)} µs of CPU and ${cost.bytes.toFixed(0)} bytes an event`)
  return cost
}
