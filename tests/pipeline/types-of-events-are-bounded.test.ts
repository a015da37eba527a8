// Whoever may call `POST /event` names its type: however many names come, numbers stay readable.
import { setImmediate } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createLeases, createStage } from '../../packages/server/src/analytics/analytics.ts'
import { type Kafka, topicNames, topicPlans } from '../../packages/server/src/kafka/kafka.ts'
import { createMemoryKafka } from '../../packages/server/src/kafka/memory.ts'
import { createRelay } from '../../packages/server/src/relay/relay.ts'
import { readKpi } from '../../packages/server/src/windows/windows.ts'
import { freshSqlite } from '../database.ts'
import { createReplicas } from '../quality-kafka/replicas.ts'
import { openTestAnalytics, testConsumers } from './consumers.ts'
import { type GameLog, NOON, openGameLog } from './game-log.ts'

const DAY = 86_400_000
const MAX = 200

/** How often each type counts, by `<day> <app>`. */
type Counts = ReadonlyMap<string, ReadonlyMap<string, unknown>>

describe('the types of POST /event', () => {
  let log: GameLog
  beforeAll(async () => {
    log = await openGameLog({ fresh: freshSqlite })
    // A game's own type that comes late still has its name.
    for (let n = 0; n < MAX + 60; n += 1) {
      await log.plain({ type: `type ${n}`, player: 'eve' })
      if (n === 100) await manyDays()
    }
    await log.games({ type: 'session_start', player: 'ana' })
    await log.plain({ type: 'type 7', player: 'eve', at: NOON + 60_000 })
    await log.plain({ type: 'type 250', player: 'eve', at: NOON + 60_000 })
    // Another day and another app have bounds of their own.
    await log.plain({ type: 'type 250', player: 'eve', at: NOON + DAY })
    await log.plain({ type: 'type 250', player: 'eve', app: 'other' })
  })
  afterAll(() => log.close())

  /** More than anybody remembers at once. */
  const manyDays = async (): Promise<void> => {
    for (let n = 1; n <= 1_001; n += 1) {
      await log.plain({ type: 'type 7', player: 'eve', at: NOON - n * DAY, app: 'old' })
    }
  }

  /** Counted with so many offsets at once, by processes that forget what the one before knew. */
  const embedded = async (batchEvents: number): Promise<Counts> => {
    const file = `${log.analyticsFile}-${batchEvents}`
    const analytics = await openTestAnalytics(file)
    const typesOf = async (day: number, app: string) => {
      const from = NOON - (NOON % DAY) + day * DAY
      const places = { app, country: null, platform: null }
      const query = { grain: 'day', from, to: from + DAY, ...places } as const
      const [window] = await readKpi(analytics.read, { ...query, metric: 'events_by_type' })
      const types = window?.events_by_type ?? []
      return [`${day} ${app}`, new Map(types.map((of) => [of.event_type, of.count]))] as const
    }
    try {
      let taken = 1
      while (taken > 0) {
        taken = 0
        const { stages } = testConsumers(log.store, { file, analytics }, { batchEvents })
        for (const stage of stages) taken += await stage.step()
        for (const stage of stages) stage.lease.release()
        await setImmediate()
      }
      const days = [typesOf(0, 'game'), typesOf(1, 'game'), typesOf(0, 'other')]
      return new Map(await Promise.all(days))
    } finally {
      await analytics.close()
    }
  }

  /** As Flink reads them, brought to Kafka by relays each of which dies once before it has noted it. */
  const overKafka = async (batchEvents: number): Promise<Counts> => {
    const file = `${log.analyticsFile}-kafka-${batchEvents}`
    const analytics = await openTestAnalytics(file)
    const kafka = createMemoryKafka()
    const topics = topicNames('')
    const plans = { topics, partitions: 3, replication: 1, retentionHours: 1 }
    for (const each of topicPlans(plans)) await kafka.create(each)
    const aRelay = (produce: Kafka['produce']) => {
      const parts = { readBooks: log.store.read, readAnalytics: analytics.read, now: () => NOON }
      const relay = createRelay(
        { ...parts, kafka: { ...kafka, produce } },
        { topic: topics['events-raw'], heartbeatMs: 0 },
      )
      const lease = { store: analytics, leases: createLeases(`${file}-lease`) }
      return createStage(lease, relay, { events: batchEvents })
    }
    const dying: Kafka['produce'] = async (records) => {
      await kafka.produce(records)
      throw new Error('killed')
    }
    try {
      for (let taken = 1; taken > 0; ) {
        await expect(aRelay(dying).step()).rejects.toThrow('killed')
        taken = await aRelay(kafka.produce).step()
      }
      const replicas = createReplicas(kafka, analytics, { topics, app: '', rules: [] }, 1)
      await replicas.drain()
      return countsOf([0, 1, 2].flatMap((each) => kafka.records(topics['events-enriched'], each)))
    } finally {
      await analytics.close()
    }
  }

  describe.each([
    { where: 'in one process', count: embedded },
    { where: 'over Kafka', count: overKafka },
  ])('$where', ({ count }) => {
    it.each([7, 100, 2_000])(
      'have names up to a bound, %i offsets at once',
      async (batchEvents) => {
        const counts = await count(batchEvents)
        const types = counts.get('0 game')
        expect(types?.size).toBe(MAX + 2)
        expect([types?.get('type 199'), types?.get('type 200')]).toEqual([1, undefined])
        expect([types?.get('type 7'), types?.get('session_start')]).toEqual([2, 1])
        expect(types?.get('(OTHER)')).toBe(61)
        expect(counts.get('1 game')).toEqual(new Map([['type 250', 1]]))
        expect(counts.get('0 other')).toEqual(new Map([['type 250', 1]]))
      },
    )
  })
})

/** Each event once, under its label. */
function countsOf(records: readonly { readonly value: Buffer | null }[]): Counts {
  const counts = new Map<string, Map<string, number>>()
  for (const { value } of records) {
    const { kind, app, time_ms, event_type, label = event_type } = JSON.parse(String(value))
    if (kind === undefined) continue
    const key = `${Math.floor(time_ms / DAY) - Math.floor(NOON / DAY)} ${app}`
    const of = counts.get(key) ?? new Map<string, number>()
    counts.set(key, of.set(label, (of.get(label) ?? 0) + 1))
  }
  return counts
}
