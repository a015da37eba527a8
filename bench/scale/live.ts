import { setTimeout as sleep } from 'node:timers/promises'
import { type Kafka, type TopicName, topicNames } from '../../packages/server/src/kafka/kafka.ts'
import type { Lab } from '../harness/harness.ts'
import { BATCH_EVENTS } from './batches.ts'
import type { Cluster } from './cluster.ts'
import { type ByProcess, POINT_RATES, PROCESSES, record } from './constants.ts'
import { memoryOf, usedSince, usesOf, type Watched } from './meter.ts'
import { watchMinutes } from './minutes.ts'
import { sendBatches } from './nodes.ts'
import { connectTo } from './stages.ts'

/** Three minutes end while events come at the first rate, at most. */
const SECONDS = {
  settle: 15,
  rest: 10,
  warm: 30,
  begin: 20,
  lag: 25,
  steady: 75,
  faster: 20,
  fasterBegin: 5,
}
const CONNECTIONS = 8
/** The costs of the model are of processes that have worked for a while: what they run is compiled. */
const WARM_RATE = 6_000
const STAGES = {
  relay: 'events-raw',
  split: 'events-by-player',
  enrich: 'events-enriched',
} as const
type LagStage = keyof typeof STAGES

export type LiveResult = {
  readonly restCores: ByProcess
  readonly restMb: ByProcess
  readonly loadMb: ByProcess
  /** In the order of POINT_RATES. */
  readonly points: readonly { readonly eventsPerSecond: number; readonly cores: ByProcess }[]
  /** From the receipt of an event until it is on the topic of a stage, milliseconds. */
  readonly lagsMs: Readonly<Record<LagStage, readonly number[]>>
  /** From a minute's end until a row of it is visible, milliseconds. */
  readonly freshnessMs: readonly number[]
  readonly minutes: number
}

/** The whole installation as `npm run scale:up` starts it, at fixed rates. */
export async function measureLive(lab: Lab, cluster: Cluster): Promise<LiveResult> {
  const { engines } = cluster
  await engines.startNodes()
  const watched = watchedOf(cluster)
  const kafka = await connectTo(cluster)
  try {
    await sleep(SECONDS.settle * 1_000)
    const restMb = byProcess(memoryOf(watched))
    const restCores = await coresOver(watched, SECONDS.rest)
    return { restMb, restCores, ...(await underLoad(lab, cluster, watched, kafka)) }
  } finally {
    await kafka.close()
  }
}

function watchedOf(cluster: Cluster): Watched {
  const own: Readonly<Record<string, string>> = { api: 'api-1' }
  return record(PROCESSES, (name) => cluster.pid(own[name] ?? name))
}

const byProcess = (of: Readonly<Record<string, number>>): ByProcess =>
  record(PROCESSES, (name) => of[name] ?? 0)

/** What each takes from now on, in cores. */
async function coresOver(watched: Watched, seconds: number): Promise<ByProcess> {
  const [before, begun] = [usesOf(watched), performance.now()]
  await sleep(seconds * 1_000)
  const uses = usedSince(before, usesOf(watched))
  const took = (performance.now() - begun) / 1_000
  return record(PROCESSES, (name) => (uses.get(name)?.cpuSeconds ?? 0) / took)
}

async function underLoad(lab: Lab, cluster: Cluster, watched: Watched, kafka: Kafka) {
  const port = Number(new URL(cluster.engines.urls[0]).port)
  const [slow, fast] = POINT_RATES
  const send = async (eventsPerSecond: number, seconds: number): Promise<void> => {
    const { unsent } = await sendBatches(
      lab,
      port,
      {
        ...{ connections: CONNECTIONS, seconds, warmupSeconds: 0 },
        perSecond: eventsPerSecond / BATCH_EVENTS,
      },
      eventsPerSecond,
    )
    if (unsent === 0) return
    lab.remark(
      `${unsent * BATCH_EVENTS} of the events at ${eventsPerSecond}/s were never sent: the machine could not take them, and what stands beside that rate is of fewer`,
    )
  }
  await send(WARM_RATE, SECONDS.warm)
  await sleep(SECONDS.settle * 1_000)
  const minutes = watchMinutes(cluster.engines.addresses.DATABASE_URL)
  const sending = send(slow, SECONDS.begin + SECONDS.lag + SECONDS.steady)
  await sleep(SECONDS.begin * 1_000)
  const lagsMs = await lagsOver(kafka, SECONDS.lag)
  const atSlow = await coresOver(watched, SECONDS.steady - 1)
  await sending
  const faster = send(fast, SECONDS.faster)
  await sleep(SECONDS.fasterBegin * 1_000)
  const atFast = await coresOver(watched, SECONDS.faster - SECONDS.fasterBegin - 1)
  await faster
  const loadMb = byProcess(memoryOf(watched))
  const shown = await minutes.stop()
  return {
    ...{ lagsMs, loadMb, freshnessMs: shown.freshnessMs, minutes: shown.minutes },
    points: [
      { eventsPerSecond: slow, cores: atSlow },
      { eventsPerSecond: fast, cores: atFast },
    ],
  }
}

/** Reads what comes on the topics of the stages, as it comes. */
async function lagsOver(kafka: Kafka, seconds: number): Promise<LiveResult['lagsMs']> {
  const topics = topicNames('')
  const until = performance.now() + seconds * 1_000
  const each = await Promise.all(
    Object.values(STAGES).map((name: TopicName) => lagsOn(kafka, topics[name], until)),
  )
  const [relay = [], split = [], enrich = []] = each
  return { relay, split, enrich }
}

async function lagsOn(kafka: Kafka, topic: string, until: number): Promise<readonly number[]> {
  const ends = await kafka.ends(topic)
  const positions = new Map(ends.map(({ next }, partition) => [partition, next]))
  const reader = await kafka.reader(topic)
  const lags: number[] = []
  while (performance.now() < until) {
    const { records, next } = await reader.fetch(positions, { bytes: 1_048_576, waitMs: 250 })
    const now = Date.now()
    for (const [partition, offset] of next) positions.set(partition, offset)
    // Heartbeats have no key.
    for (const { key, timestamp } of records) if (key) lags.push(now - timestamp)
  }
  await reader.close()
  return lags
}
