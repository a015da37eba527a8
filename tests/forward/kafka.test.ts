import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  createForwardStep,
  createSnowflake,
  type Sink,
} from '../../packages/server/src/forward/forward.ts'
import {
  ENVELOPE,
  heartbeatAt,
  keyOf,
  type NewRecord,
  setUpTopics,
  topicNames,
  topicPlans,
} from '../../packages/server/src/kafka/kafka.ts'
import { createMemoryKafka, type MemoryKafka } from '../../packages/server/src/kafka/memory.ts'
import {
  follow,
  type Step,
  type Taken,
} from '../../packages/server/src/quality-kafka/quality-kafka.ts'
import type { Store } from '../../packages/server/src/store/store.ts'
import { ANALYTICS, type FreshAnalytics, openTestAnalytics } from '../pipeline/consumers.ts'
import { type FakeSnowflake, startFakeSnowflake } from './fake-snowflake.ts'

const NOON = Date.UTC(2026, 2, 1, 12)
const PARTITIONS = 3
const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 })
const topics = topicNames('t-')
const topic = topics['events-raw']
const random = { bytes: (count: number) => randomBytes(count) }
const now = () => NOON + 60_000
const idOf = (number: number) => `00000000-0000-7000-8000-${number.toString(16).padStart(12, '0')}`

/** As a node writes it, with or without the books. */
function ours(number: number, changes: Readonly<Record<string, unknown>> = {}): NewRecord {
  const player = `p${number % 7}`
  const stored = {
    ...{ app: 'game', event_id: idOf(number), event_type: 'purchase', player_id: player },
    ...{ occurred_at: NOON, sent_at: null, received_at: NOON + 5, corrected_at: NOON, flags: [] },
    ...{ sdk: 'questline-js/1.0.0', source: 'http', event: { product_id: 'gems' }, ...changes },
  }
  const timestamp = NOON + 5
  const value = JSON.stringify(stored)
  return { topic, key: keyOf('game', player, ''), value, timestamp, headers: ENVELOPE }
}

describe.each(ANALYTICS)(
  'events that are forwarded from Kafka, with analytics in $name',
  ({ fresh }) => {
    let place: FreshAnalytics
    let analytics: Store
    let kafka: MemoryKafka
    let snowflake: FakeSnowflake
    let backlog: (number | null)[]

    beforeEach(async () => {
      place = await fresh()
      analytics = await openTestAnalytics(place.at)
      kafka = createMemoryKafka()
      const plan = { topics, partitions: PARTITIONS, replication: 1, retentionHours: 1 }
      await setUpTopics(kafka, topicPlans(plan))
      snowflake = await startFakeSnowflake({ publicKey, account: 'GAMES', user: 'Q', now })
      backlog = []
    })
    afterEach(async () => {
      await snowflake.close()
      await analytics.close()
      await place.drop()
    })

    const aSink = (): Sink =>
      createSnowflake(
        { login: { account: 'games', user: 'q', privateKey }, now },
        {
          ...{ accountUrl: snowflake.url, timeoutMs: 10_000, database: 'GAMES', schema: 'PUBLIC' },
          ...{ pipe: 'GAME_EVENTS-STREAMING', channel: 'questline' },
          commit: { lookMs: 1, mostMs: 100 },
        },
      )
    const aStep = (store: Store = analytics, sink: Sink = aSink()): Step =>
      createForwardStep(
        {
          ...{ kafka, analytics: store, sink, random, now },
          signal: new AbortController().signal,
          onBacklog: (receivedAt) => backlog.push(receivedAt),
          pause: async () => undefined,
        },
        { topic, foreignApp: 'foreign' },
      )
    const everything = [0, 1, 2]
    /** All that there is after where the step begins. */
    async function takenOf(
      step: Step,
      partitions: readonly number[] = everything,
    ): Promise<Taken[]> {
      return [...(await step.begin(partitions))].map(([partition, from]) => {
        const records = kafka.records(topic, partition)
        return { partition, from, next: records.length, records: records.slice(from) }
      })
    }
    const ids = () => snowflake.table.map((row) => row.event_id).toSorted()
    const upTo = (count: number) => Array.from({ length: count }, (_, index) => idOf(index))
    const produce = (count: number, from = 0) =>
      kafka.produce(Array.from({ length: count }, (_, index) => ours(from + index)))

    it('are rows that name their partition, each partition in its order in a channel of its own', async () => {
      await produce(50)
      const step = aStep()
      await step.take(await takenOf(step))
      expect(ids()).toEqual(upTo(50))
      for (const partition of everything) {
        const lane = `${topic}/${partition}`
        const rows = snowflake.table.filter((row) => row['log_lane'] === lane)
        const offsets = rows.map((row) => row['log_position'])
        expect(offsets).toEqual(kafka.records(topic, partition).map(({ offset }) => offset))
        const channel = snowflake.channels.get(`questline-t-events-raw-${partition}`)
        expect(channel?.committed ?? null).toBe(offsets.at(-1)?.toString() ?? null)
      }
      expect(snowflake.table[0]).toMatchObject({
        ...{ app_id: 'game', product_id: 'gems', received_at: '2026-03-01T12:00:00.005Z' },
        raw_payload: { product_id: 'gems' },
      })
      expect(backlog).toEqual([NOON + 5, null])
    })

    it('are those that were let in: of games, and of other producers under their own ids', async () => {
      const timestamp = NOON
      const foreign = (value: string): NewRecord => ({ topic, key: 'k', value, timestamp })
      await kafka.produce([
        ours(0),
        ours(1, { kind: 'server', event_id: null }),
        { ...ours(2), value: JSON.stringify(heartbeatAt(NOON)) },
        foreign(
          '{"event_type":"purchase","occurred_at":"2026-03-01T11:59:00.000Z","player_id":"f","platform":"ios","product_id":"gold","quantity":1,"amount_micros":1,"currency":"EUR"}',
        ),
        foreign('no event at all'),
        // Somebody has borrowed our header, and knows no time.
        ours(3, { occurred_at: 'yesterday', received_at: 9e15, corrected_at: -9e15 }),
      ])
      const step = aStep()
      await step.take(await takenOf(step))
      const rows = new Map(snowflake.table.map((row) => [row['app_id'], row]))
      expect(snowflake.table).toHaveLength(3)
      expect(rows.get('foreign')).toMatchObject({ event_type: 'purchase', player_id: 'f' })
      expect(ids()).toEqual(expect.arrayContaining([idOf(0), idOf(3)]))
      // Nothing is left behind it.
      const left = await takenOf(aStep())
      expect(left.flatMap(({ records }) => records)).toEqual([])
    })

    it('are there once when a replica dies before it notes how far it is', async () => {
      await produce(40)
      const dying: Store = {
        ...analytics,
        transaction: (work) =>
          snowflake.table.length > 0
            ? Promise.reject(new Error('killed'))
            : analytics.transaction(work),
      }
      const one = aStep(dying)
      const taken = await takenOf(one)
      await expect(one.take(taken)).rejects.toThrow('killed')
      await produce(10, 40)
      const other = aStep()
      await other.take(await takenOf(other))
      expect(ids()).toEqual(upTo(50))
    })

    it('are there once when two replicas believe to have a partition, and one of them notes it', async () => {
      await produce(60)
      const [one, other] = [aStep(), aStep()]
      const [first, second] = [await takenOf(one), await takenOf(other)]
      const ends = await Promise.allSettled([one.take(first), other.take(second)])
      expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
      expect(ids()).toEqual(upTo(60))
    })

    it('follow the topic while partitions are dealt anew and the service fails now and then', async () => {
      const stopping = new AbortController()
      const failures: unknown[] = []
      const hooks = {
        ...{ onStep: () => undefined, onRecovery: () => undefined },
        onFailure: (error: unknown) => failures.push(error),
      }
      const settings = { group: 'forward', topic, bytes: 2_000, waitMs: 5 }
      const parts = { kafka, hooks, monotonic: () => 0 }
      snowflake.fates.rows.push('done-and-cut', 'well', 'broken', 'invalidated', 'expired', 'cut')
      const replicas = [aStep(), aStep()].map((step) =>
        follow({ ...parts, step }, settings, stopping.signal),
      )
      for (let from = 0; from < 200; from += 50) {
        await produce(50, from)
        kafka.rebalance('forward')
      }
      await expect.poll(() => snowflake.table.length, { timeout: 8_000 }).toBe(200)
      stopping.abort()
      await Promise.all(replicas)
      expect(ids()).toEqual(upTo(200))
    }, 20_000)

    it('stay where they are when the topic was made anew behind what is there', async () => {
      await produce(30)
      const step = aStep()
      await step.take(await takenOf(step))
      const plan = { topics, partitions: PARTITIONS, replication: 1, retentionHours: 1 }
      kafka = createMemoryKafka()
      await setUpTopics(kafka, topicPlans(plan))
      await produce(7, 100)
      const laterPlace = await fresh()
      const later = await openTestAnalytics(laterPlace.at)
      const again = aStep(later)
      await expect(again.take(await takenOf(again))).rejects.toThrow('was sent already')
      expect(ids()).toEqual(upTo(30))
      await later.close()
      await laterPlace.drop()
    })
  },
)
