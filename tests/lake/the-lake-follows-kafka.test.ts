// Books, relay, both steps of quality and the lake, over a broker in memory: what the lake shows is
// what it shows where quality works on the log itself.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createLeases, createStage } from '../../packages/server/src/analytics/analytics.ts'
import {
  type NewRecord,
  setUpTopics,
  topicNames,
  topicPlans,
} from '../../packages/server/src/kafka/kafka.ts'
import { createMemoryKafka, type MemoryKafka } from '../../packages/server/src/kafka/memory.ts'
import {
  compact,
  createLakeConsumer,
  lakeStats,
  readManifest,
  type StreamsSettings,
  verifyLake,
  withLake,
} from '../../packages/server/src/lake/lake.ts'
import {
  createStreamSource,
  followStreams,
} from '../../packages/server/src/lake-kafka/lake-kafka.ts'
import { newestOffset } from '../../packages/server/src/log/log.ts'
import { createRelay } from '../../packages/server/src/relay/relay.ts'
import { dailyUsers } from '../../packages/server/src/reports/daily-users/daily-users.ts'
import type { Store } from '../../packages/server/src/store/store.ts'
import { openTestAnalytics } from '../pipeline/consumers.ts'
import { type GameEventParts, NOON } from '../pipeline/game-log.ts'
import { plainSql } from '../plain-sql.ts'
import { createReplicas, PARTITIONS } from '../quality-kafka/replicas.ts'
import { lakeSettings, openTestLake, type TestLake } from './open-test-lake.ts'

const TOPICS = topicNames('')
const MINUTE = 60_000
const ENRICHED = `log_offset, kind, app, event_id, event_type, player_id, received_at, corrected_at, flags,
  sdk, country, country_code, platform, user_id, amount_micros, currency, product_id, store,
  transaction_id, app_version, device_id, seq, event, "date"`
const REJECTED = `log_offset, kind, app, event_id, event_type, player_id, occurred_at, sent_at, received_at,
  corrected_at, flags, sdk, source, reason, path, stage, event, "date"`

/** Two days of five players: purchases, matches, what rules refuse, and what the server logs. */
const inits = ['p0', 'p1', 'p2', 'p3', 'p4'].map(
  (player, index): GameEventParts => ({
    ...{ type: 'init', player, at: NOON - 60 * MINUTE },
    fields: { country: ['PT', 'DE', 'JP'][index % 3], platform: index % 2 ? 'ios' : 'android' },
  }),
)
const events = Array.from({ length: 60 }, (_, index): GameEventParts => {
  const player = `p${index % 5}`
  const at = NOON + index * 20 * MINUTE
  if (index % 4 === 0) {
    const fields = { 'user-a': player, 'user-b': `p${(index + 2) % 5}` }
    return { type: 'match', player, at, fields }
  }
  if (index % 4 === 1) {
    const fields = { product_id: 'gems', amount_micros: 990_000, currency: 'EUR' }
    return {
      type: 'purchase',
      player,
      at,
      fields: index % 12 === 1 ? { product_id: 'gems' } : fields,
    }
  }
  return {
    type: 'level_up',
    player,
    at,
    fields: { level: index, app_version: '1.2', seq: index + 1 },
  }
})

describe('the lake on Kafka', () => {
  let folder: string
  let kafka: MemoryKafka
  let embedded: TestLake
  let analytics: Store
  let replicas: ReturnType<typeof createReplicas>
  let lakeFolder: string
  let releases: (() => Promise<void>)[] = []

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'questline-'))
    lakeFolder = join(folder, 'lake')
    kafka = createMemoryKafka()
    await setUpTopics(
      kafka,
      topicPlans({ topics: TOPICS, partitions: PARTITIONS, replication: 1, retentionHours: 1 }),
    )
    embedded = await openTestLake()
    analytics = await openTestAnalytics(join(folder, 'analytics.db'))
    replicas = createReplicas(kafka, analytics, { topics: TOPICS, app: '', rules: [] }, 2)
  })
  afterEach(async () => {
    for (const release of releases) await release()
    releases = []
    await embedded.close()
    await analytics.close()
    rmSync(folder, { recursive: true })
  })

  const books = () => embedded.log.store
  const stageOf = (consumer: Parameters<typeof createStage>[1]) => {
    const leases = createLeases(join(folder, `lease${releases.length}`))
    const stage = createStage({ store: analytics, leases }, consumer, { events: 1_000 })
    releases.push(() => stage.lease.release())
    return stage
  }
  const reader = () => ({
    ...{ folder: lakeFolder, memoryLimitMb: 256, threads: 2, scratch: join(folder, 'reading') },
  })
  const rows = (sql: string) => withLake(reader(), ({ engine }) => engine.rows(sql))
  const verify = () => verifyLake(books().read, reader())

  const relay = async (): Promise<void> => {
    const now = () => NOON + 30 * 24 * 60 * MINUTE
    const parts = { readBooks: books().read, readAnalytics: analytics.read, kafka, now }
    const stage = stageOf(createRelay(parts, { topic: TOPICS['events-raw'], heartbeatMs: 0 }))
    await stage.register()
    while ((await stage.step()) > 0);
  }
  const follow = (changes: Partial<StreamsSettings> = {}, onStep?: (step: string) => void) => {
    const source = createStreamSource(
      { kafka, now: () => NOON },
      { topics: TOPICS, prefix: '', foreignApp: 'default' },
    )
    return followStreams(
      { source, analytics, topics: TOPICS, ...(onStep ? { onStep } : {}) },
      { ...lakeSettings(lakeFolder), ...changes },
    )
  }
  const consumer = (isOnKafka = true) => {
    const clock = { now: () => NOON, monotonic: () => NOON }
    const settings = { ...lakeSettings(lakeFolder), isOnKafka }
    return stageOf(createLakeConsumer({ books: books(), analytics, clock }, settings))
  }
  const bring = async (changes: Partial<StreamsSettings> = {}): Promise<void> => {
    await follow(changes)
    const stage = consumer()
    while ((await stage.checkpoint()) < (await newestOffset(books().read))) await stage.step()
  }
  /** All of it, the inits first. */
  const play = async (): Promise<void> => {
    await embedded.log.games(...inits)
    await relay()
    await replicas.drain()
    await embedded.log.games(...events)
    await embedded.log.plain({ type: 'earn', player: 'p0', payload: { amount: 1 } })
    await embedded.log.plain({ type: 'af_purchase', player: 'p0', payload: { af: 1 } })
    await relay()
    await replicas.drain()
  }

  const expectLikeEmbedded = async (): Promise<void> => {
    await embedded.bring()
    const [ours, theirs] = await Promise.all([
      rows(`SELECT ${ENRICHED} FROM events_enriched ORDER BY log_offset`),
      embedded.rows(`SELECT ${ENRICHED} FROM events_enriched ORDER BY log_offset`),
    ])
    expect(ours.length).toBeGreaterThan(50)
    expect(ours).toEqual(theirs)
    const raw = 'SELECT * EXCLUDE (position) FROM events_raw ORDER BY log_offset'
    expect(await rows(raw)).toEqual(
      await embedded.rows('SELECT * FROM events_raw ORDER BY log_offset'),
    )
    const rejected = `SELECT ${REJECTED} FROM events_rejected ORDER BY log_offset`
    expect(await rows(rejected)).toEqual(await embedded.rows(rejected))
    const users = 'SELECT * FROM further_users ORDER BY log_offset, user_id'
    expect(await rows(users)).toEqual(await embedded.rows(users))
    const all = { from: null, to: null, app: null }
    const daily = await withLake(reader(), (lake) => dailyUsers(lake, all, String))
    expect(daily).toEqual(await embedded.read((lake) => dailyUsers(lake, all, String)))
    expect(daily.length).toBeGreaterThan(10)
    expect(await verify()).toMatchObject({ ok: true, faults: [], strays: 0 })
  }

  it('shows what the lake of one process shows, in batches of any size, and merged', async () => {
    await play()
    await bring({ batchEvents: 20 })
    await expectLikeEmbedded()
    const before = readManifest(lakeFolder).files.length
    expect(await compact({ folder: lakeFolder, memoryLimitMb: 256, all: true })).not.toEqual([])
    expect(readManifest(lakeFolder).files.length).toBeLessThan(before)
    await expectLikeEmbedded()
    expect(lakeStats(lakeFolder).topics.find(({ topic }) => topic === 'kafka-sides')?.rows).toBe(15)
    expect(await follow()).toBe(0)
  }, 60_000)

  it('holds once what writers that died have written again', async () => {
    await embedded.log.games(...inits)
    await relay()
    await replicas.drain()
    await embedded.log.games(...events)
    await relay()
    const all = [0, 1, 2]
    for (const step of ['split', 'enrich'] as const) {
      await replicas.tell(step, 0, all)
      for (const fate of ['unnoted', 'torn', 'unnoted', 'well'] as const) {
        await replicas.round({ step, replica: 0, bytes: 3_000, fate })
        await bring()
      }
    }
    await replicas.drain()
    await embedded.log.plain({ type: 'earn', player: 'p0', payload: { amount: 1 } })
    await relay()
    await replicas.drain()
    await bring()
    const written = all.flatMap((each) => kafka.records(TOPICS['events-enriched'], each)).length
    const [held] = await rows(
      'SELECT (SELECT count(*) FROM of_kafka_enriched) + (SELECT count(*) FROM of_kafka_sides) AS n',
    )
    expect(written).toBeGreaterThan(Number(held?.['n']) + 10)
    await expectLikeEmbedded()
  }, 60_000)

  it('is exact whatever step it dies at, and its successor writes the same files', async () => {
    await play()
    const steps: string[] = []
    await follow({ batchEvents: 60 }, (step) => void steps.push(step))
    const files = readManifest(lakeFolder).files
    rmSync(lakeFolder, { recursive: true })
    await plainSql(
      `sqlite:///${join(folder, 'analytics.db')}`,
      "DELETE FROM stream_checkpoints WHERE topic LIKE 'lake %'",
    )
    let deaths = 0
    for (let diesAt = 1; diesAt <= steps.length; diesAt += 1) {
      let left = diesAt
      const dying = follow({ batchEvents: 60 }, () => {
        left -= 1
        if (left === 0) throw new Error('killed')
      })
      await dying.catch(() => {
        deaths += 1
      })
      expect(
        await rows(`SELECT 1 FROM events_enriched GROUP BY log_offset HAVING count(*) > 1`),
      ).toEqual([])
    }
    expect(deaths).toBeGreaterThan(5)
    await follow({ batchEvents: 60 })
    expect(readManifest(lakeFolder).files).toEqual(files)
    await bring()
    await expectLikeEmbedded()
  }, 120_000)

  it('goes on from a lake that quality has filled from the log itself', async () => {
    await embedded.log.games(...inits, ...events.slice(0, 20))
    await embedded.bring()
    lakeFolder = embedded.folder
    // The relay begins with the log, so all of that comes again.
    await relay()
    await replicas.drain()
    await embedded.log.games(...events.slice(20))
    await relay()
    await replicas.drain()
    await bring()
    const [counted] = await rows(
      'SELECT count(*) AS n, count(DISTINCT log_offset) AS ids FROM events_enriched',
    )
    expect(counted).toEqual({ n: 60n, ids: 60n })
    expect(await verify()).toMatchObject({ ok: true })
    await expect(consumer(false).step()).rejects.toThrow('KAFKA_BROKERS is not set')
  }, 60_000)

  it('holds what did not go through the books, raw as well', async () => {
    const produced: NewRecord = {
      ...{ topic: TOPICS['events-raw'], key: 'x', timestamp: NOON },
      value: JSON.stringify({
        'event-type': 'init',
        time: 1_772_366_400,
        'user-id': 7,
        country: 'PT',
      }),
    }
    await kafka.produce([produced, { ...produced, value: 'no event' }])
    await replicas.drain()
    await bring()
    const raw = await rows('SELECT event, log_offset, position FROM events_raw ORDER BY position')
    expect(raw).toHaveLength(2)
    expect(raw[1]).toMatchObject({ event: 'no event', log_offset: null })
    const judged = await rows('SELECT reason, position, event FROM events_rejected')
    expect(judged).toContainEqual(
      expect.objectContaining({ event: 'no event', position: raw[1]?.['position'] }),
    )
  })

  it('tells when its files are older than they were, when Kafka has dropped records, and other topics', async () => {
    await play()
    await follow({ batchEvents: 20 })
    rmSync(lakeFolder, { recursive: true })
    await expect(follow()).rejects.toThrow('put its files back')
    await plainSql(`sqlite:///${join(folder, 'analytics.db')}`, 'DELETE FROM stream_checkpoints')
    await follow()
    const source = createStreamSource(
      { kafka, now: () => NOON },
      { topics: topicNames('b-'), prefix: 'b-', foreignApp: 'default' },
    )
    const others = followStreams(
      { source, analytics, topics: topicNames('b-') },
      lakeSettings(lakeFolder),
    )
    await expect(others).rejects.toThrow('a lake of its own')
    await embedded.log.games({ type: 'level_up', player: 'p0' })
    await relay()
    for (const partition of [0, 1, 2]) {
      const end = kafka.records(TOPICS['events-raw'], partition).length
      kafka.expire(TOPICS['events-raw'], partition, end)
    }
    await expect(follow()).rejects.toThrow('its retention is too short')
  }, 60_000)

  it('is found wrong when an event is missing that quality must have been through', async () => {
    await play()
    await relay()
    await replicas.drain()
    await bring()
    // Heartbeats of the batch before count.
    await relay()
    await replicas.drain()
    await bring()
    expect(await verify()).toMatchObject({ ok: true })
    const manifest = readManifest(lakeFolder)
    expect(manifest.streams?.settled_ms).toBeGreaterThan(NOON)
    const { writeFileSync } = await import('node:fs')
    const files = manifest.files.filter(({ topic }) => topic !== 'kafka-rejected')
    writeFileSync(join(lakeFolder, 'manifest.json'), JSON.stringify({ ...manifest, files }))
    const { ok, faults } = await verify()
    expect(ok).toBe(false)
    expect(faults.join()).toContain('is neither in events-enriched nor in events-rejected')
  }, 60_000)
})
