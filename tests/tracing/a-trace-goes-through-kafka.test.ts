import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import {
  createLeases,
  createStage,
  openAnalytics,
} from '../../packages/server/src/analytics/analytics.ts'
import { recordOnKafka } from '../../packages/server/src/ingest/ingest.ts'
import { topicNames, topicPlans } from '../../packages/server/src/kafka/kafka.ts'
import { createMemoryKafka } from '../../packages/server/src/kafka/memory.ts'
import { RECORD_GAME_EVENTS } from '../../packages/server/src/log/log.ts'
import { tracedConsumer, tracedStep } from '../../packages/server/src/pipeline/traced-stages.ts'
import { systemClock, systemRandom } from '../../packages/server/src/platform/platform.ts'
import {
  createEnrichStep,
  createSplitStep,
  type Step,
} from '../../packages/server/src/quality-kafka/quality-kafka.ts'
import { createRelay } from '../../packages/server/src/relay/relay.ts'
import { createWriter, migrate, type Store } from '../../packages/server/src/store/store.ts'
import type { BatchSpan, Tracing } from '../../packages/server/src/tracing/tracing.ts'
import { aDelivery, aGameEvent, NOON } from '../builders.ts'
import { freshSqlite } from '../database.ts'
import { openTestStore } from '../open-store.ts'

const TRACE = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`
const TOPICS = topicNames('')

let folder: string
let books: Store
let analytics: Store
let drop: () => Promise<void>
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'questline-'))
  const database = await freshSqlite()
  drop = database.drop
  books = openTestStore(database.url)
  await migrate(books, () => NOON)
  analytics = await openAnalytics(
    { now: () => 0, random: systemRandom() },
    { kind: 'sqlite', file: join(folder, 'analytics.db'), busyTimeoutMs: 5_000 },
  )
})
afterAll(async () => {
  await books.close()
  await analytics.close()
  await drop()
  rmSync(folder, { recursive: true })
})

it('a trace goes with its event through relay, split and enrich, and no other event bears it', async () => {
  const kafka = createMemoryKafka()
  const plan = { topics: TOPICS, partitions: 1, replication: 1, retentionHours: 1 }
  for (const each of topicPlans(plan)) await kafka.create(each)
  const { monotonic } = systemClock
  const parts = { store: books, monotonic, onFatal: () => undefined }
  const writer = createWriter(parts, { commitWritesMax: 100 })
  const arrived = (player: string, trace?: string) => ({
    delivery: { ...aDelivery(), ...(trace ? { trace } : {}) },
    events: [aGameEvent({ playerId: player })],
    ...{ refused: [], progress: null },
  })
  await writer.submit(RECORD_GAME_EVENTS, arrived('ana', TRACE))
  await writer.submit(RECORD_GAME_EVENTS, arrived('bo'))
  // Past the books.
  const direct = recordOnKafka({ kafka, writer, topic: TOPICS['events-raw'] })
  const seen: BatchSpan[] = []
  const tracing: Tracing = {
    begin: () => ({ traceparent: null, end: () => undefined }),
    batch: (span) => void seen.push({ ...span, traceparents: [...span.traceparents] }),
    close: async () => undefined,
  }
  const now = () => NOON
  const relay = createRelay(
    { readBooks: books.read, readAnalytics: analytics.read, kafka, now },
    { topic: TOPICS['events-raw'], heartbeatMs: 5_000 },
  )
  const stage = createStage(
    { store: analytics, leases: createLeases(join(folder, 'relay')) },
    tracedConsumer(relay, tracing, now, ({ events }) => events),
    { events: 100 },
  )
  await stage.register()
  await stage.step()
  await direct(arrived('cleo', TRACE))

  const take = async (name: string, step: Step, topic: string): Promise<void> => {
    await step.begin([0])
    const records = kafka.records(topic, 0)
    const taken = [{ partition: 0, from: 0, next: records.length, records }]
    await tracedStep(name, step, tracing, now).take(taken)
  }
  const split = createSplitStep(
    { kafka, now },
    { topics: TOPICS, prefix: '', rules: [], foreignApp: 'default' },
  )
  await take('split', split, TOPICS['events-raw'])
  const enrich = createEnrichStep({ kafka, analytics }, { topics: TOPICS, rules: [] })
  await take('enrich', enrich, TOPICS['events-by-player'])

  const bearing = (topic: string) =>
    kafka
      .records(topic, 0)
      .filter(({ headers }) => headers.has('traceparent'))
      .map(({ key, headers }) => [key, headers.get('traceparent')])
  const expected = [
    ['default\nana', TRACE],
    ['default\ncleo', TRACE],
  ]
  expect(bearing(TOPICS['events-raw'])).toEqual(expected)
  expect(bearing(TOPICS['events-by-player'])).toEqual(expected)
  expect(bearing(TOPICS['events-enriched'])).toEqual(expected)
  expect(kafka.records(TOPICS['events-enriched'], 0).length).toBeGreaterThan(2)
  expect(seen.map(({ name, traceparents }) => [name, traceparents])).toEqual([
    ['relay', [TRACE]],
    ['split', [TRACE, TRACE]],
    ['enrich', [TRACE, TRACE]],
  ])
})
