import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openAnalytics } from '../../packages/server/src/analytics/analytics.ts'
import { setUpTopics, topicNames, topicPlans } from '../../packages/server/src/kafka/kafka.ts'
import { createMemoryKafka } from '../../packages/server/src/kafka/memory.ts'
import { systemRandom } from '../../packages/server/src/platform/platform.ts'
import {
  createEnrichStep,
  createSplitStep,
  listStreamRejected,
  readStreamCounts,
  type Taken,
} from '../../packages/server/src/quality-kafka/quality-kafka.ts'
import type { Store } from '../../packages/server/src/store/store.ts'
import { type Happening, NOON, recordOf, storedOf } from './made-up-log.ts'
import { enrichedOf, rejectedOf } from './replicas.ts'

const aHappening = (changes: Partial<Happening> = {}): Happening => ({
  ...{ type: 'session_start', player: 'p0', at: NOON, event: {} },
  ...changes,
})

describe('a partition that two replicas believe to have', () => {
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

  /** One partition each, so that there is but one order. */
  const aPipeline = async () => {
    runs += 1
    const app = `game${runs}`
    const topics = topicNames(`${app}-`)
    const kafka = createMemoryKafka()
    const plan = { topics, partitions: 1, replication: 1, retentionHours: 1 }
    await setUpTopics(kafka, topicPlans(plan))
    const settings = { topics, rules: [], prefix: '', foreignApp: app }
    const split = createSplitStep({ kafka, now: () => NOON }, settings)
    await split.begin([0])
    let offset = 0
    const all = (topic: string, from: number): Taken => {
      const records = kafka.records(topic, 0)
      return { partition: 0, from, next: records.length, records: records.slice(from) }
    }
    return {
      ...{ app, topics, kafka },
      enrich: async () => {
        const step = createEnrichStep({ kafka, analytics }, settings)
        await step.begin([0])
        return step
      },
      /** Through the first step; what the second has to take of it. */
      async split(...happenings: readonly Happening[]): Promise<Taken> {
        const before = kafka.records(topics['events-by-player'], 0).length
        const raw = kafka.records(topics['events-raw'], 0).length
        await kafka.produce(
          happenings.map((each) => {
            offset += 1
            return recordOf(topics['events-raw'], storedOf(app, offset, each))
          }),
        )
        await split.take([all(topics['events-raw'], raw)])
        return all(topics['events-by-player'], before)
      },
      counts: async () => {
        const [of] = await readStreamCounts(analytics.read, app, 0, Number.MAX_SAFE_INTEGER)
        return of
      },
    }
  }

  it('counts once when both work at the same moment', async () => {
    const pipeline = await aPipeline()
    const [one, other] = [await pipeline.enrich(), await pipeline.enrich()]
    const taken = await pipeline.split(aHappening(), aHappening({ player: 'p1' }))
    const ends = await Promise.allSettled([one.take([taken]), other.take([taken])])
    expect(ends.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
    expect(await pipeline.counts()).toMatchObject({ enriched: 2, duplicates: 0 })
  })

  it('has a row once of what it refuses, when both work at the same moment', async () => {
    const pipeline = await aPipeline()
    const [one, other] = [await pipeline.enrich(), await pipeline.enrich()]
    const direct = (says: number) => aHappening({ direct: { id: 8, says }, event: { says } })
    const taken = await pipeline.split(direct(1), direct(2))
    await Promise.allSettled([one.take([taken]), other.take([taken])])
    const rows = await listStreamRejected(analytics.read, 1_000)
    expect(rows.filter(({ app }) => app === pipeline.app)).toMatchObject([
      { reason: 'event-id-conflict', stage: 'ids', replayedOffset: null },
    ])
  })

  it('is never written to with what another has learned since', async () => {
    const pipeline = await aPipeline()
    const [quick, late] = [await pipeline.enrich(), await pipeline.enrich()]
    const first = await pipeline.split(aHappening())
    const init = { type: 'init', event: { country: 'PT', platform: 'ios' } }
    const second = await pipeline.split(aHappening(init))
    await quick.take([first])
    await quick.take([second])
    await expect(late.take([first])).rejects.toThrow('not at 0 any more')
    const countries = pipeline.kafka
      .records(pipeline.topics['events-enriched'], 0)
      .map(({ value }) => JSON.parse(String(value)).country_code)
    expect(countries).toEqual(['UNKNOWN', 'PT'])
  })

  it('tells a second event of an id in a later batch, by whichever replica', async () => {
    const pipeline = await aPipeline()
    const direct = (says: number) => aHappening({ direct: { id: 7, says }, event: { says } })
    const one = await pipeline.enrich()
    await one.take([await pipeline.split(direct(1))])
    const other = await pipeline.enrich()
    await other.take([await pipeline.split(direct(1), direct(2))])
    expect(await pipeline.counts()).toMatchObject({
      ...{ enriched: 1, duplicates: 1, conflicts: 1, rejected: 0 },
    })
    expect(enrichedOf(pipeline.kafka, pipeline.topics).size).toBe(1)
    const [conflict] = rejectedOf(pipeline.kafka, pipeline.topics).values()
    expect(conflict).toMatchObject({
      reason: 'event-id-conflict',
      stage: 'ids',
      event: { says: 2 },
    })
  })

  it('gives a foreign producer ids that stand for the places of its records', async () => {
    const pipeline = await aPipeline()
    const raw = {
      'user-id': 'u1',
      time: NOON,
      'event-type': 'init',
      country: 'DE',
      platform: 'ios',
    }
    const produce = (value: string) =>
      pipeline.kafka.produce([
        { topic: pipeline.topics['events-raw'], key: '', value, timestamp: NOON + 5 },
      ])
    await produce(JSON.stringify(raw))
    await produce('no JSON at all')
    const step = await pipeline.enrich()
    const settings = { topics: pipeline.topics, rules: [], prefix: '', foreignApp: pipeline.app }
    const again = createSplitStep({ kafka: pipeline.kafka, now: () => NOON + 9 }, settings)
    await again.begin([0])
    const records = pipeline.kafka.records(pipeline.topics['events-raw'], 0)
    const taken = { partition: 0, from: 0, next: 2, records }
    await again.take([taken])
    await again.take([taken])
    const parts = pipeline.kafka.records(pipeline.topics['events-by-player'], 0)
    expect(parts).toHaveLength(4)
    await step.take([{ partition: 0, from: 0, next: 4, records: parts }])
    const enriched = [...enrichedOf(pipeline.kafka, pipeline.topics).values()]
    expect(enriched).toMatchObject([
      { user_id: 'u1', event_type: 'init', country_code: 'DE', time_ms: NOON, app: pipeline.app },
    ])
    expect(enriched[0]?.event_id).toMatch(/^[0-9a-f-]{14}5/)
    const [refused] = rejectedOf(pipeline.kafka, pipeline.topics).values()
    expect(refused).toMatchObject({ reason: 'invalid-event', stage: 'door', position: '0:1' })
    expect(Buffer.from(refused?.base64 ?? '', 'base64').toString()).toBe('no JSON at all')
    expect(await pipeline.counts()).toMatchObject({ enriched: 1, rejected: 1 })
  })
})
