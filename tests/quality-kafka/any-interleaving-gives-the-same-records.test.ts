import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openAnalytics } from '../../packages/server/src/analytics/analytics.ts'
import { setUpTopics, topicNames, topicPlans } from '../../packages/server/src/kafka/kafka.ts'
import { createMemoryKafka } from '../../packages/server/src/kafka/memory.ts'
import { systemRandom } from '../../packages/server/src/platform/platform.ts'
import {
  listStreamRejected,
  readStreamCounts,
} from '../../packages/server/src/quality-kafka/quality-kafka.ts'
import type { Store } from '../../packages/server/src/store/store.ts'
import {
  aLog,
  type Happening,
  inOrder,
  RULES_OF_STUDIO,
  recordOf,
  storedOf,
} from './made-up-log.ts'
import { createReplicas, enrichedOf, PARTITIONS, type Round, rejectedOf } from './replicas.ts'

const REPLICAS = 3

type Move =
  | { readonly does: 'relay'; readonly count: number; readonly dies: boolean }
  | ({ readonly does: 'round' } & Round)
  | {
      readonly does: 'tell'
      readonly step: Round['step']
      readonly replica: number
      readonly has: readonly number[]
    }

const step = fc.constantFrom('split' as const, 'enrich' as const)
const replica = fc.nat(REPLICAS - 1)
const aMove: fc.Arbitrary<Move> = fc.oneof(
  fc.record({
    does: fc.constant('relay' as const),
    count: fc.integer({ min: 1, max: 8 }),
    dies: fc.boolean(),
  }),
  fc.record({
    does: fc.constant('round' as const),
    ...{ step, replica, bytes: fc.constantFrom(1, 600, 100_000) },
    fate: fc.constantFrom('well' as const, 'well' as const, 'torn' as const, 'unnoted' as const),
  }),
  fc.record({
    does: fc.constant('tell' as const),
    ...{ step, replica, has: fc.subarray([0, 1, 2]) },
  }),
)

describe('quality on Kafka', () => {
  let folder: string
  let analytics: Store
  let runs = 0

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'questline-'))
    analytics = await openAnalytics(
      { now: () => 0, random: systemRandom() },
      { kind: 'sqlite', file: join(folder, 'analytics.db'), busyTimeoutMs: 5_000 },
    )
  })
  afterAll(async () => {
    await analytics.close()
    rmSync(folder, { recursive: true })
  })

  const play = async (
    {
      before,
      after,
    }: { readonly before: readonly Happening[]; readonly after: readonly Happening[] },
    moves: readonly Move[],
  ) => {
    runs += 1
    const app = `game${runs}`
    const topics = topicNames(`${app}-`)
    const kafka = createMemoryKafka()
    await setUpTopics(
      kafka,
      topicPlans({ topics, partitions: PARTITIONS, replication: 1, retentionHours: 1 }),
    )
    const log = [...before, ...after].map((each, index) => storedOf(app, index + 1, each))
    const replicas = createReplicas(
      kafka,
      analytics,
      { topics, app, rules: RULES_OF_STUDIO },
      REPLICAS,
    )

    let relayed = 0
    /** What is not through the books has nobody who would write it twice. */
    const written = new Set<number>()
    const relay = async (count: number, dies: boolean): Promise<void> => {
      const events = log.slice(relayed, relayed + count)
      const records = events
        .filter((stored, index) => stored.offset !== undefined || !written.has(relayed + index))
        .map((stored) => recordOf(topics['events-raw'], stored))
      for (const index of events.keys()) written.add(relayed + index)
      await kafka.produce(records)
      if (!dies) relayed += events.length
    }
    await relay(before.length, false)
    await replicas.drain()
    // At first each believes to have everything, as if the others were dead.
    for (let each = 0; each < REPLICAS; each += 1) {
      await replicas.tell('split', each, [0, 1, 2])
      await replicas.tell('enrich', each, [0, 1, 2])
    }
    for (const move of moves) {
      if (move.does === 'relay') await relay(move.count, move.dies)
      if (move.does === 'round') await replicas.round(move)
      if (move.does === 'tell') await replicas.tell(move.step, move.replica, move.has)
    }
    await relay(log.length, false)
    await replicas.drain()

    const expected = inOrder(log)
    const enriched = [...enrichedOf(kafka, topics)].map(([key, of]) => [
      key,
      {
        ...{ event_type: of.event_type, user_id: of.user_id, kind: of.kind },
        ...{ country_code: of.country_code, platform: of.platform, revenue: of.revenue_usd_micros },
      },
    ])
    expect(Object.fromEntries(enriched)).toEqual(Object.fromEntries(expected.enriched))
    expect([...rejectedOf(kafka, topics).keys()].toSorted()).toEqual(
      [...expected.rejected].toSorted(),
    )
    const counts = await readStreamCounts(analytics.read, app, 0, Number.MAX_SAFE_INTEGER)
    const sum = (of: 'enriched' | 'rejected' | 'duplicates' | 'conflicts') =>
      counts.reduce((total, each) => total + each[of], 0)
    const games = log.filter(({ kind }) => kind === undefined).length
    expect(sum('enriched') + sum('rejected') + sum('duplicates') + sum('conflicts')).toBe(games)
    const conflicts = [...expected.rejected].filter((key) => key.startsWith('event-id-conflict'))
    expect(sum('rejected')).toBe(expected.rejected.size - conflicts.length)
    // Each is a row once, however often its record was written.
    const rows = await listStreamRejected(analytics.read, 100_000)
    expect(rows.filter((row) => row.app === app)).toHaveLength(sum('conflicts'))
  }

  it('gives the records that one process makes in order, whoever works, dies or comes back', async () => {
    await fc.assert(
      fc.asyncProperty(aLog, fc.array(aMove, { minLength: 10, maxLength: 60 }), play),
      {
        numRuns: 150,
        endOnFailure: false,
      },
    )
  }, 120_000)
})
