// Commands, relay and quality with a broker that asks for TLS and a password.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connectKafka, topicNames } from '../../packages/server/src/kafka/kafka.ts'
import type { EnrichedRecord } from '../../packages/server/src/quality-kafka/quality-kafka.ts'
import { freshPostgres } from '../database.ts'
import { questline } from '../questline.ts'
import { SCALE_DIR, WHY_SKIPPED } from './cluster.ts'
import { type Node, readTopic, type Settings, startNode } from './kafka-journey.ts'
import { PASSWORD, type SecuredBroker, startSecuredBroker, USER } from './secured-broker.ts'

const EVENTS = 20
const name = SCALE_DIR === null ? WHY_SKIPPED : 'a broker that asks for TLS and a password'
const uuid = (number: number): string =>
  `00000000-0000-4000-8000-${number.toString(16).padStart(12, '0')}`

describe.skipIf(SCALE_DIR === null)(name, () => {
  let folder: string
  let broker: SecuredBroker
  let database: Awaited<ReturnType<typeof freshPostgres>>
  const nodes: Node[] = []

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'questline-secured-'))
    ;[broker, database] = await Promise.all([startSecuredBroker(folder), freshPostgres()])
  })
  afterAll(async () => {
    for (const node of nodes) await node.stop()
    await broker?.stop()
    await database?.drop()
    rmSync(folder, { recursive: true, force: true })
  })

  const settingsOf = (mechanism: string, changes: Settings = {}): Settings => ({
    ...{ DATA_DIR: folder, DATABASE_URL: database.url, ANALYTICS_URL: database.url },
    ...{ KAFKA_BROKERS: broker.address, KAFKA_TLS: 'on', KAFKA_TLS_CA: broker.certificate },
    ...{ KAFKA_SASL_MECHANISM: mechanism, KAFKA_SASL_USERNAME: USER },
    ...{ KAFKA_SASL_PASSWORD: PASSWORD, KAFKA_TOPIC_PREFIX: `${mechanism}-` },
    ...{ KAFKA_HEARTBEAT_SEC: '1', LOG_LEVEL: 'error', RATE_LIMIT: 'off' },
    ...{ EVENT_API_KEY: 'a-key-of-this-test-that-is-long-enough' },
    ...changes,
  })
  const run = (words: readonly string[], settings: Settings) =>
    questline([...words, '--json'], { folder, settings })

  it.each(['scram-sha-512', 'plain'])(
    'takes all there is to do by %s',
    async (mechanism) => {
      const settings = settingsOf(mechanism)
      const setup = await run(['kafka', 'setup'], settings)
      expect(setup, setup.errors).toMatchObject({ exit: 0 })
      expect(JSON.parse(setup.output).created).toHaveLength(5)

      const node = await startNode('api,relay,quality', settings)
      nodes.push(node)
      const occurred_at = new Date().toISOString()
      const events = Array.from({ length: EVENTS }, (_, index) => ({
        ...{ event_id: uuid(index), player_id: `p${index}`, occurred_at, platform: 'ios' },
        ...{ event_type: 'progression', status: 'start', level: 'w1' },
      }))
      const answer = await fetch(`${node.url}/v1/events`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${settings['EVENT_API_KEY']}`,
          'content-type': 'application/json',
        },
        body: JSON.stringify({ events }),
      })
      expect(answer.status, await answer.text()).toBe(200)

      const kafka = await connectKafka({
        ...{ brokers: [broker.address], clientId: 'secured' },
        tls: { ca: readFileSync(broker.certificate, 'utf8'), cert: null, key: null },
        sasl: {
          mechanism: mechanism === 'plain' ? 'PLAIN' : 'SCRAM-SHA-512',
          ...{ username: USER, password: PASSWORD },
        },
      })
      const found = new Set<string>()
      const topic = topicNames(`${mechanism}-`)['events-enriched']
      await readTopic(
        kafka,
        topic,
        (records) => {
          for (const { value } of records) {
            const { event_type, event_id }: EnrichedRecord = JSON.parse(String(value))
            if (event_type !== 'heartbeat') found.add(event_id)
          }
          return found.size >= EVENTS
        },
        90_000,
      )
      await kafka.close()
      expect([...found].toSorted()).toEqual(events.map(({ event_id }) => event_id))
      const status = await run(['kafka', 'status'], settings)
      expect(status, status.errors).toMatchObject({ exit: 0 })
      const stages = JSON.parse(status.output).stages as { stage: string }[]
      expect(stages.map(({ stage }) => stage)).toEqual(['relay', 'split', 'enrich'])
      const adopt = await run(['kafka', 'adopt'], settings)
      expect(JSON.parse(adopt.output), adopt.errors).toEqual({ found: 'ours' })
      await node.stop()
      // The other mechanism has topics of its own, and begins with books of its own.
      await database.drop()
      database = await freshPostgres()
    },
    240_000,
  )

  it.each([
    ['a wrong password', { KAFKA_SASL_PASSWORD: 'wrong' }, /authentication/i],
    ['a certificate that nobody vouches for', { KAFKA_TLS_CA: '' }, /self-signed certificate/i],
    ['no TLS', { KAFKA_TLS: 'off', KAFKA_TLS_CA: '' }, /./],
  ] as const)(
    'is not reached with %s, and the command says why',
    async (_, changes, why) => {
      const { exit, errors } = await run(['kafka', 'setup'], settingsOf('scram-sha-512', changes))
      expect(exit).toBe(1)
      expect(errors).toMatch(why)
      expect(errors).not.toContain(PASSWORD)
    },
    120_000,
  )
})
