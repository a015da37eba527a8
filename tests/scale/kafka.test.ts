import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  connectKafka,
  type Kafka,
  setUpTopics,
  topicNames,
  topicPlans,
} from '../../packages/server/src/kafka/kafka.ts'
import type { EnrichedRecord } from '../../packages/server/src/quality-kafka/quality-kafka.ts'
import { freshPostgres } from '../database.ts'
import { type Node, readTopic, type Settings, startNode } from './kafka-journey.ts'

const brokers = process.env['KAFKA_BROKERS']
const PLAYERS = 40
const BATCHES = 60
const PER_BATCH = 50

const uuid = (number: number): string =>
  `00000000-0000-4000-8000-${number.toString(16).padStart(12, '0')}`
const sentAt = (number: number): string =>
  new Date(Date.now() - 1_000 + (number % 500)).toISOString()

/** The first of a player is its `init`; the others take their country from there. */
const eventOf = (number: number): Record<string, unknown> => {
  const player_id = `p${number % PLAYERS}`
  const shared = { event_id: uuid(number), player_id, occurred_at: sentAt(number) }
  if (number < PLAYERS) {
    return { ...shared, event_type: 'init', platform: 'ios', country: number % 2 ? 'PT' : 'DE' }
  }
  return { ...shared, event_type: 'progression', platform: 'ios', status: 'start', level: 'w1' }
}

const NAME =
  brokers === undefined
    ? 'skipped: there is no broker; `npm run test:scale` starts one'
    : 'the log on Kafka, in processes of their own'

describe.skipIf(brokers === undefined)(NAME, () => {
  let folder: string
  let database: Awaited<ReturnType<typeof freshPostgres>>
  let kafka: Kafka
  let settings: Settings
  const prefix = `journey-${Date.now()}-`
  const topics = topicNames(prefix)
  const nodes: Node[] = []

  const start = async (role: string, more: Settings = {}): Promise<Node> => {
    const node = await startNode(role, { ...settings, ...more })
    nodes.push(node)
    return node
  }

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'questline-'))
    database = await freshPostgres()
    kafka = await connectKafka({
      ...{ brokers: (brokers ?? '').split(','), tls: null, sasl: null, clientId: 'journey' },
    })
    const plan = { topics, partitions: 6, replication: 1, retentionHours: 24 }
    await setUpTopics(kafka, topicPlans(plan))
    settings = {
      ...{ DATA_DIR: folder, DATABASE_URL: database.url, ANALYTICS_URL: database.url },
      ...{ KAFKA_BROKERS: brokers ?? '', KAFKA_TOPIC_PREFIX: prefix, KAFKA_HEARTBEAT_SEC: '1' },
      ...{ EVENT_API_KEY: 'a-key-of-the-journey-that-is-long-enough', RATE_LIMIT: 'off' },
    }
  })
  afterAll(async () => {
    for (const node of nodes) await node.stop()
    await kafka?.close()
    await database?.drop()
    rmSync(folder, { recursive: true, force: true })
  })

  const send = async ({ url }: Node, from: number, count: number): Promise<void> => {
    const events = Array.from({ length: count }, (_, index) => eventOf(from + index))
    const answer = await fetch(`${url}/v1/events`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${settings['EVENT_API_KEY']}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({ events }),
    })
    const text = await answer.text()
    expect(answer.status, text).toBe(200)
    const { results } = JSON.parse(text) as { results: { status: string }[] }
    expect(new Set(results.map(({ status }) => status)), text).toEqual(new Set(['accepted']))
  }

  /** Enriched records by event and part, with how often each came. */
  const enriched = async (count: number) => {
    const found = new Map<string, { readonly record: EnrichedRecord; copies: number }>()
    await readTopic(
      kafka,
      topics['events-enriched'],
      (records) => {
        found.clear()
        for (const { value } of records) {
          const record: EnrichedRecord = JSON.parse(String(value))
          if (record.event_type === 'heartbeat') continue
          const key = `${record.event_id} ${record.part}`
          const before = found.get(key)
          if (before) before.copies += 1
          else found.set(key, { record, copies: 1 })
        }
        return found.size >= count
      },
      150_000,
    )
    return found
  }

  const check = async (from: number, count: number, total: number): Promise<void> => {
    const found = await enriched(total)
    const missing = Array.from({ length: count }, (_, index) => uuid(from + index)).filter(
      (id) => !found.has(`${id} 0`),
    )
    expect(missing).toEqual([])
    expect(found.size).toBe(total)
    for (const { record } of found.values()) {
      const player = Number(record.user_id?.slice(1))
      expect(record.country_code).toBe(player % 2 ? 'PT' : 'DE')
    }
  }

  const TOTAL = BATCHES * PER_BATCH

  it('enriches each event while the relay and a replica of quality are killed', async () => {
    const api = await start('api')
    const relay = await start('relay')
    const doomed = await start('quality')
    await start('quality')
    for (let batch = 0; batch < BATCHES; batch += 1) {
      await send(api, batch * PER_BATCH, PER_BATCH)
      if (batch === 20) await doomed.kill()
      if (batch === 40) {
        await relay.kill()
        await start('relay')
      }
      await sleep(30)
    }
    await check(0, TOTAL, TOTAL)
  }, 240_000)

  it('says in every partition how far it is, when nothing else comes', async () => {
    const before = Date.now()
    const partitions = new Set<number>()
    await readTopic(
      kafka,
      topics['events-enriched'],
      (records) => {
        for (const { partition, value } of records) {
          const { event_type, time_ms }: EnrichedRecord = JSON.parse(String(value))
          if (event_type === 'heartbeat' && time_ms > before) partitions.add(partition)
        }
        return partitions.size === 6
      },
      30_000,
    )
    expect([...partitions].toSorted()).toEqual([0, 1, 2, 3, 4, 5])
  }, 60_000)

  it('takes events straight to Kafka, and counts there what came twice', async () => {
    const direct = await start('api', { INGEST_LOG: 'kafka' })
    await send(direct, TOTAL, PER_BATCH)
    await send(direct, TOTAL, PER_BATCH)
    await check(TOTAL, PER_BATCH, TOTAL + PER_BATCH)
    const found = await enriched(TOTAL + PER_BATCH)
    const copies = Array.from({ length: PER_BATCH }, (_, index) =>
      found.get(`${uuid(TOTAL + index)} 0`),
    )
    expect(copies.map((each) => each?.copies)).toEqual(Array(PER_BATCH).fill(1))
  }, 120_000)
})
