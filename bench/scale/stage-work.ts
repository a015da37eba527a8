import {
  createStage,
  openAnalytics,
  openLeases,
} from '../../packages/server/src/analytics/analytics.ts'
import {
  connectKafka,
  type Kafka,
  type TopicName,
  topicNames,
} from '../../packages/server/src/kafka/kafka.ts'
import { newestOffset } from '../../packages/server/src/log/log.ts'
import { systemClock, systemRandom } from '../../packages/server/src/platform/platform.ts'
import {
  createEnrichStep,
  createSplitStep,
  type Step,
} from '../../packages/server/src/quality-kafka/quality-kafka.ts'
import { createRelay } from '../../packages/server/src/relay/relay.ts'
import { openStore, type Store } from '../../packages/server/src/store/store.ts'

export type StageName = 'relay' | 'split' | 'enrich'

/** What a stage does, a part at a time. */
export type StageWork = {
  /** Records that wait for it. */
  readonly waiting: number
  /** Takes a part of them, and says how many; 0 when none is left. */
  take(): Promise<number>
  /** How many records it has written, all in all. */
  written(): Promise<number>
  close(): Promise<void>
}

export type Place = {
  readonly prefix: string
  readonly brokers: readonly string[]
  /** Of the books and of the analytics. */
  readonly url: string
}

type Tools = {
  readonly kafka: Kafka
  readonly analytics: Store
  readonly topics: ReturnType<typeof topicNames>
  readonly place: Place
}

/** As the role `relay` takes them. */
const RELAY_EVENTS = 5_000
/** Of each partition: a quarter of what the role `quality` takes, so that there are some rounds. */
const FETCH = { bytes: 256 * 1_024, waitMs: 100 }
const HEARTBEAT_MS = 5_000

const WRITES: Readonly<Record<StageName, TopicName>> = {
  ...{ relay: 'events-raw', split: 'events-by-player', enrich: 'events-enriched' },
}
const { now, monotonic } = systemClock
const random = systemRandom()
const CONNECT = { connectTimeoutMs: 5_000 }
const LIMITS = { lockTimeoutMs: 5_000, idleTransactionTimeoutMs: 5_000, statementTimeoutMs: 10_000 }

/** Opens a stage on PostgreSQL and Kafka, with the parts that production makes it of. */
export async function openStage(name: StageName, place: Place): Promise<StageWork> {
  const { brokers, prefix, url } = place
  const analytics = await openAnalytics({ now, random }, { kind: 'postgres', url, ...CONNECT })
  const kafka = await connectKafka({ brokers, tls: null, sasl: null, clientId: 'bench' })
  const tools = { kafka, analytics, topics: topicNames(prefix), place }
  const own = await WORK[name](tools)
  return {
    ...own,
    written: () => recordsIn(kafka, tools.topics[WRITES[name]]),
    async close() {
      await own.close()
      await kafka.close()
      await analytics.close()
    },
  }
}

type OwnWork = Omit<StageWork, 'written'>

const WORK: Readonly<Record<StageName, (tools: Tools) => Promise<OwnWork>>> = {
  async relay({ kafka, analytics, topics, place: { url } }) {
    const books = openStore(
      { random, onIdleError: () => undefined },
      { kind: 'postgres', url, connectionsMax: 2, ...CONNECT, ...LIMITS },
    )
    const relay = createRelay(
      { readBooks: books.read, readAnalytics: analytics.read, kafka, now },
      { topic: topics['events-raw'], heartbeatMs: HEARTBEAT_MS },
    )
    const place = { kind: 'postgres', url, ...CONNECT } as const
    const leases = openLeases({ store: analytics, monotonic, random, file: '' }, place)
    const stage = createStage({ store: analytics, leases }, relay, { events: RELAY_EVENTS })
    await stage.register()
    const waiting = await newestOffset(books.read)
    return { waiting, take: stage.step, close: books.close }
  },
  split({ kafka, topics }) {
    const settings = { topics, rules: [], prefix: topics['events-raw'], foreignApp: 'default' }
    return following(kafka, createSplitStep({ kafka, now }, settings), topics['events-raw'])
  },
  enrich({ kafka, analytics, topics }) {
    const step = createEnrichStep({ kafka, analytics }, { topics, rules: [] })
    return following(kafka, step, topics['events-by-player'])
  },
}

/** All partitions of a topic, as one replica alone has them. */
async function following(kafka: Kafka, step: Step, topic: string): Promise<OwnWork> {
  const ends = await kafka.ends(topic)
  const positions = new Map(await step.begin([...ends.keys()]))
  const reader = await kafka.reader(topic)
  return {
    waiting: await recordsIn(kafka, topic),
    async take() {
      const { records, next } = await reader.fetch(positions, FETCH)
      const of = Map.groupBy(records, ({ partition }) => partition)
      await step.take(
        [...next].map(([partition, offset]) => ({
          ...{ partition, from: positions.get(partition) ?? 0, next: offset },
          records: of.get(partition) ?? [],
        })),
      )
      for (const [partition, offset] of next) positions.set(partition, offset)
      return records.length
    },
    close: () => reader.close(),
  }
}

const recordsIn = async (kafka: Kafka, topic: string): Promise<number> =>
  (await kafka.ends(topic)).reduce((sum, { first, next }) => sum + next - first, 0)
