// From the log of books, and from whoever writes to Kafka itself, through the relay and both steps, over a
// broker in memory: what a cluster does, in one process and when told to.
import { join } from 'node:path'
import { createLeases, createStage } from '../../packages/server/src/analytics/analytics.ts'
import {
  ENVELOPE,
  setUpTopics,
  topicNames,
  topicPlans,
} from '../../packages/server/src/kafka/kafka.ts'
import { createMemoryKafka, type MemoryKafka } from '../../packages/server/src/kafka/memory.ts'
import type { Rule } from '../../packages/server/src/quality/quality.ts'
import type {
  EnrichedRecord,
  Stored,
} from '../../packages/server/src/quality-kafka/quality-kafka.ts'
import { createRelay } from '../../packages/server/src/relay/relay.ts'
import type { Store } from '../../packages/server/src/store/store.ts'
import { createReplicas, enrichedOf, PARTITIONS } from './replicas.ts'

export type WholeWayParts = {
  readonly books: Store
  readonly analytics: Store
  /** For locks. */
  readonly folder: string
  readonly rules: readonly Rule[]
  /** That others have written to before. */
  readonly broker?: MemoryKafka
}

export async function openWholeWay({ books, analytics, folder, rules, broker }: WholeWayParts) {
  const kafka = broker ?? createMemoryKafka()
  const topics = topicNames('')
  const plans = topicPlans({ topics, partitions: PARTITIONS, replication: 1, retentionHours: 1 })
  await setUpTopics(kafka, plans)
  const replicas = createReplicas(kafka, analytics, { topics, app: 'game', rules }, 1)
  const relay = createStage(
    { store: analytics, leases: createLeases(join(folder, 'relay')) },
    createRelay(
      { readBooks: books.read, readAnalytics: analytics.read, kafka, now: Date.now },
      { topic: topics['events-raw'], heartbeatMs: 0 },
    ),
    { events: 1_000 },
  )
  await relay.register()
  const sendOurs = (key: string, value: string): Promise<void> =>
    kafka.produce([
      { topic: topics['events-raw'], key, headers: ENVELOPE, timestamp: Date.now(), value },
    ])
  return {
    kafka,
    topics,
    replicas,
    relay,
    /** Until all that there is has come through. */
    async settle(): Promise<void> {
      while ((await relay.step()) > 0);
      await replicas.drain()
    },
    /** Past the books, as `INGEST_LOG=kafka` writes it. */
    async send(...events: readonly Stored[]): Promise<void> {
      for (const stored of events) {
        await sendOurs(`${stored.app}\n${stored.player_id}`, JSON.stringify(stored))
      }
    },
    sendOurs,
    /** As another producer writes it. */
    sendForeign: (value: string, timestamp: number) =>
      kafka.produce([{ topic: topics['events-raw'], key: '', partition: 0, value, timestamp }]),
    enriched: (): readonly EnrichedRecord[] => [...enrichedOf(kafka, topics).values()],
  }
}

export type WholeWay = Awaited<ReturnType<typeof openWholeWay>>
