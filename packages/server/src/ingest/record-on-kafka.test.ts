import { ProblemError } from '@questline/contracts'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { NOON } from '../../../../tests/builders.ts'
import { freshSqlite } from '../../../../tests/database.ts'
import { type BooksFixture, freshBooks } from '../../../../tests/fresh-books.ts'
import { createMemoryKafka, type MemoryKafka } from '../kafka/memory.ts'
import { listRefused, newestOffset } from '../log/log.ts'
import { type Arrival, createIngest, type Ingest, recordOnKafka } from './ingest.ts'

const TOPIC = 'events-raw'
const ARRIVAL: Arrival = {
  ...{ app: 'game', requestId: 'r', sdk: 'questline-js/1.0.0', sentAt: null },
  ...{ receivedAt: NOON, monotonic: null },
}
const anEvent = (changes: Record<string, unknown> = {}) => ({
  ...{ event_id: '0190b0a0-0000-7000-8000-000000000001', event_type: 'session_start' },
  ...{ occurred_at: new Date(NOON - 1_000).toISOString(), player_id: 'ana', platform: 'ios' },
  ...changes,
})

describe('events that go straight to Kafka', () => {
  let books: BooksFixture
  let kafka: MemoryKafka
  let ingest: Ingest
  beforeEach(async () => {
    books = await freshBooks({ fresh: freshSqlite })
    kafka = createMemoryKafka()
    await kafka.create({ topic: TOPIC, partitions: 1, replication: 1, configs: {} })
    const record = recordOnKafka({ kafka, writer: books.writer, topic: TOPIC })
    ingest = createIngest({ ...books, record }, { queueEventsMax: 100, queueBytesMax: 1e6 })
  })
  afterEach(() => books.close())

  const send = (...events: readonly unknown[]) =>
    ingest.batch(ARRIVAL, { events }, JSON.stringify({ events }))
  const written = () =>
    kafka.records(TOPIC, 0).map(({ key, timestamp, value }) => ({
      ...{ key, timestamp, stored: JSON.parse(String(value)) },
    }))

  it('lie there in our envelope, and take no place in the log of the books', async () => {
    const verdicts = await send(anEvent())
    expect(verdicts.map(({ status }) => status)).toEqual(['accepted'])
    const [record] = written()
    expect(record).toMatchObject({ key: 'game\nana', timestamp: NOON })
    expect(record?.stored).toMatchObject({
      ...{ app: 'game', event_id: anEvent().event_id, event_type: 'session_start' },
      ...{ player_id: 'ana', received_at: NOON, corrected_at: NOON - 1_000, source: 'http' },
      event: anEvent(),
    })
    expect(record?.stored).not.toHaveProperty('offset')
    expect(await newestOffset(books.store.read)).toBe(0)
  })

  it('are accepted again, with one fingerprint for what says the same and another for what does not', async () => {
    await send(anEvent())
    const { event_id, ...rest } = anEvent()
    const again = await send({ ...rest, event_id: event_id.toUpperCase() }, anEvent({ level: 2 }))
    expect(again.map(({ status }) => status)).toEqual(['accepted', 'accepted'])
    const [first, same, other] = written().map(({ stored }) => stored.fingerprint)
    expect(first).toMatch(/^[0-9a-f]{16}$/)
    expect(same).toBe(first)
    expect(other).not.toBe(first)
  })

  it('do not spoil what the door refuses: that lies in the books', async () => {
    const verdicts = await send(anEvent({ event_type: 'nonsense' }), anEvent())
    expect(verdicts.map(({ status }) => status)).toEqual(['rejected', 'accepted'])
    expect(written()).toHaveLength(1)
    const refused = await listRefused(books.store.read, { before: 1e9, limit: 10 })
    expect(refused.map(({ reason }) => reason)).toEqual(['unknown-event-type'])
  })

  it('are not answered for when Kafka has not acknowledged them', async () => {
    kafka.failNextProduce(1)
    const sent = send(anEvent(), anEvent({ player_id: 'bob' }))
    await expect(sent).rejects.toThrow(ProblemError)
    await expect(sent).rejects.toMatchObject({ code: 'store-unavailable' })
  })
})
