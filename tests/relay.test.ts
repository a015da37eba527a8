import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  createLeases,
  createStage,
  openAnalytics,
  type Stage,
} from '../packages/server/src/analytics/analytics.ts'
import { ENVELOPE, topicNames, topicPlans } from '../packages/server/src/kafka/kafka.ts'
import { createMemoryKafka, type MemoryKafka } from '../packages/server/src/kafka/memory.ts'
import { createLog, expireBatch, RECORD_GAME_EVENTS } from '../packages/server/src/log/log.ts'
import { systemClock, systemRandom } from '../packages/server/src/platform/platform.ts'
import { createRelay } from '../packages/server/src/relay/relay.ts'
import {
  createWriter,
  migrate,
  type Store,
  type Writer,
} from '../packages/server/src/store/store.ts'
import { aDelivery, aGameEvent, anEvent, NOON } from './builders.ts'
import { DATABASES, type FreshDatabase } from './database.ts'
import { openTestStore } from './open-store.ts'
import { plainSql } from './plain-sql.ts'

const TOPIC = 'events-raw'
const PARTITIONS = 3

describe.each(DATABASES)('the relay, with books on $name', ({ fresh }) => {
  let folder: string
  let database: FreshDatabase
  let books: Store
  let analytics: Store
  let writer: Writer
  let kafka: MemoryKafka
  let now = NOON
  let stages: Stage[] = []

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'questline-'))
    database = await fresh()
    books = openTestStore(database.url)
    await migrate(books, () => NOON)
    const { monotonic } = systemClock
    writer = createWriter(
      { store: books, monotonic, onFatal: () => undefined },
      { commitWritesMax: 100 },
    )
    analytics = await openAnalytics(
      { now: () => 0, random: systemRandom() },
      { kind: 'sqlite', file: join(folder, 'analytics.db'), busyTimeoutMs: 5_000 },
    )
    kafka = createMemoryKafka()
    const plan = {
      ...{ topics: topicNames(''), partitions: PARTITIONS, replication: 1, retentionHours: 1 },
    }
    for (const each of topicPlans(plan)) await kafka.create(each)
    now = NOON
  })
  afterEach(async () => {
    for (const stage of stages) await stage.lease.release()
    stages = []
    await writer.drain()
    await books.close()
    await analytics.close()
    await database.drop()
    rmSync(folder, { recursive: true })
  })

  const game = async (...players: readonly string[]): Promise<void> => {
    const events = players.map((playerId) =>
      aGameEvent({ playerId, text: `{"says":"},{\\"offset\\":","player":"${playerId}"}` }),
    )
    const input = { delivery: aDelivery(), events, refused: [], progress: null }
    await writer.submit(RECORD_GAME_EVENTS, input)
  }
  const aRelay = async (events = 100): Promise<Stage> => {
    const relay = createRelay(
      { readBooks: books.read, readAnalytics: analytics.read, kafka, now: () => now },
      { topic: TOPIC, heartbeatMs: 5_000 },
    )
    // Each has the lease that it needs: the fence is the checkpoint.
    const leases = createLeases(join(folder, String(stages.length)))
    const stage = createStage({ store: analytics, leases }, relay, { events })
    await stage.register()
    stages.push(stage)
    return stage
  }
  type Stored = { readonly offset: number; readonly kind?: string; readonly event: unknown }
  const written = () =>
    [0, 1, 2]
      .flatMap((partition) => kafka.records(TOPIC, partition))
      .map((record) => ({ ...record, stored: JSON.parse(String(record.value)) as Stored }))
      .filter(({ stored }) => 'offset' in stored)
  const offsets = () => written().map(({ stored }) => stored.offset)

  it('refuses books that are younger than what it has written', async () => {
    await game('ana', 'bob', 'ana')
    await (await aRelay()).step()
    const other = await fresh()
    const younger = openTestStore(other.url)
    await migrate(younger, () => NOON)
    const relay = createRelay(
      { readBooks: younger.read, readAnalytics: analytics.read, kafka, now: () => now },
      { topic: TOPIC, heartbeatMs: 5_000 },
    )
    await expect(relay.next(3, 100)).rejects.toThrow('these are other books')
    expect(offsets()).toHaveLength(3)
    await younger.close()
    await other.drop()
  })

  it('writes every event with its envelope, key and time, those of a player in order', async () => {
    await game('ana', 'bob', 'ana')
    await createLog({ store: books, writer }).record(
      anEvent({ playerId: 'ana', payload: 'no JSON' }),
    )
    await game('bob')
    const relay = await aRelay(2)
    while ((await relay.step()) > 0);
    expect(offsets().toSorted()).toEqual([1, 2, 3, 4, 5])
    const of = (player: string) => written().filter(({ key }) => key === `default\n${player}`)
    expect(of('ana').map(({ stored }) => stored.offset)).toEqual([1, 3, 4])
    expect(new Set(of('ana').map(({ partition }) => partition)).size).toBe(1)
    expect(of('bob').map(({ stored }) => stored.offset)).toEqual([2, 5])
    const [first] = of('ana')
    const [row] = await plainSql(database.url, 'SELECT books_id FROM books_ids')
    const headers = { ...ENVELOPE, 'questline-books': row?.['books_id'] }
    expect(first).toMatchObject({ timestamp: NOON, headers: new Map(Object.entries(headers)) })
    expect(first?.stored.event).toEqual({ says: '},{"offset":', player: 'ana' })
    expect(of('ana')[2]?.stored).toMatchObject({ kind: 'free', event: 'no JSON' })
  })

  it('repeats what was not acknowledged as a whole, and leaves no gap', async () => {
    await game('ana', 'bob', 'cleo', 'dan')
    const relay = await aRelay()
    kafka.failNextProduce(2)
    await expect(relay.step()).rejects.toMatchObject({ name: 'KafkaUnavailable' })
    expect(await relay.checkpoint()).toBe(0)
    await relay.step()
    expect(new Set(offsets())).toEqual(new Set([1, 2, 3, 4]))
    expect(offsets()).toHaveLength(6)
    expect(await relay.checkpoint()).toBe(4)
  })

  it('that has lost its place writes copies at most, and moves nothing back', async () => {
    await game('ana', 'bob')
    const [late, quick] = [await aRelay(), await aRelay()]
    await late.step()
    await game('cleo')
    await quick.step()
    await game('dan')
    // It still believes to be at 2, and finds out when it moves its checkpoint.
    expect(await late.step()).toBe(0)
    expect(await quick.checkpoint()).toBe(3)
    await quick.step()
    expect(await quick.checkpoint()).toBe(4)
    expect(new Set(offsets())).toEqual(new Set([1, 2, 3, 4]))
  })

  it('beats in every partition when it is through, never ahead of what it has not read', async () => {
    const relay = await aRelay()
    await relay.step()
    const beats = () =>
      [0, 1, 2].map((partition) =>
        kafka
          .records(TOPIC, partition)
          .map(({ value }) => JSON.parse(String(value)).time_ms as number | undefined)
          .filter((time) => time !== undefined),
      )
    expect(beats()).toEqual([[NOON - 2_000], [NOON - 2_000], [NOON - 2_000]])
    now += 1_000
    await relay.step()
    expect(beats().flat()).toHaveLength(3)
    now += 60_000
    await game('ana')
    // What it brings now was received long before now.
    await relay.step()
    expect(beats().map((times) => times.at(-1))).toEqual(Array(3).fill(NOON - 2_000))
  })

  it('begins with what the table still has, and fails where something has left it unseen', async () => {
    await game('ana', 'bob')
    await books.transaction((tx) => expireBatch(tx, 2, []))
    await game('cleo')
    const relay = await aRelay()
    while ((await relay.step()) > 0);
    expect(offsets()).toEqual([3])
    await game('dan')
    await books.transaction((tx) => expireBatch(tx, 4, []))
    await expect(relay.step()).rejects.toThrow('the events 4 to 4 have left')
  })
})
