// The log of one lake brought to another over a broker in memory, through relay, both steps of quality and
// the topics, with a fault planted on the way.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLeases, createStage } from '../../packages/server/src/analytics/analytics.ts'
import {
  type NewRecord,
  setUpTopics,
  topicNames,
  topicPlans,
} from '../../packages/server/src/kafka/kafka.ts'
import { createMemoryKafka } from '../../packages/server/src/kafka/memory.ts'
import {
  createLakeConsumer,
  type StreamRecord,
  type StreamSource,
  withLake,
} from '../../packages/server/src/lake/lake.ts'
import {
  createStreamSource,
  followStreams,
} from '../../packages/server/src/lake-kafka/lake-kafka.ts'
import { newestOffset } from '../../packages/server/src/log/log.ts'
import { createRelay } from '../../packages/server/src/relay/relay.ts'
import type { Store } from '../../packages/server/src/store/store.ts'
import { lakeSettings } from '../lake/open-test-lake.ts'
import { openTestAnalytics } from '../pipeline/consumers.ts'
import { createReplicas, PARTITIONS } from '../quality-kafka/replicas.ts'
import type { Row } from './compare-rows.ts'
import type { LakeTable } from './lake-tables.ts'

/** What each place hands on instead of what it was given. */
export type PlantedFault = {
  readonly relayed?: (records: readonly NewRecord[]) => readonly NewRecord[]
  readonly read?: (records: readonly StreamRecord[]) => readonly StreamRecord[]
}

const TOPICS = topicNames('')
const SETTINGS = { topics: TOPICS, prefix: '', foreignApp: 'default' }

/** The rows of a table in a lake that has followed Kafka to the end of this log. */
export async function lakeOverKafka(
  books: Store,
  table: LakeTable,
  { relayed = (records) => records, read = (records) => records }: PlantedFault,
): Promise<readonly Row[]> {
  const folder = await mkdtemp(join(tmpdir(), 'questline-over-kafka-'))
  const analytics = await openTestAnalytics(join(folder, 'analytics.db'))
  const leases = createLeases(join(folder, 'leases'))
  try {
    const kafka = createMemoryKafka()
    const plan = { topics: TOPICS, partitions: PARTITIONS, replication: 1, retentionHours: 1 }
    await setUpTopics(kafka, topicPlans(plan))
    const stageOf = (consumer: Parameters<typeof createStage>[1]) =>
      createStage({ store: analytics, leases }, consumer, { events: 1_000 })

    const produce = (records: readonly NewRecord[]) => kafka.produce(relayed(records))
    const relay = stageOf(
      createRelay(
        {
          ...{ readBooks: books.read, readAnalytics: analytics.read, now: Date.now },
          kafka: { ...kafka, produce },
        },
        { topic: TOPICS['events-raw'], heartbeatMs: 0 },
      ),
    )
    await relay.register()
    while ((await relay.step()) > 0);
    await relay.lease.release()
    const rules = { topics: TOPICS, app: '', rules: [] }
    await createReplicas(kafka, analytics, rules, 1).drain()

    const lake = lakeSettings(join(folder, 'lake'))
    const source = faulty(createStreamSource({ kafka, now: Date.now }, SETTINGS), read)
    await followStreams({ source, analytics, topics: TOPICS }, lake)
    const clock = { now: Date.now, monotonic: Date.now }
    const raw = stageOf(
      createLakeConsumer({ books, analytics, clock }, { ...lake, isOnKafka: true }),
    )
    const head = await newestOffset(books.read)
    while ((await raw.checkpoint()) < head) await raw.step()
    await raw.lease.release()
    const reader = { folder: lake.folder, memoryLimitMb: 256, threads: 2 }
    return await withLake({ ...reader, scratch: join(folder, 'reading') }, ({ engine }) =>
      engine.rows(table.sql),
    )
  } finally {
    await analytics.close()
    await rm(folder, { recursive: true, force: true })
  }
}

const faulty = (source: StreamSource, read: NonNullable<PlantedFault['read']>): StreamSource => ({
  ...source,
  async *read(stream, from, to) {
    for await (const page of source.read(stream, from, to)) yield read(page)
  },
})
