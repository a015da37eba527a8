// Random batches of random events against a model of forty lines: verdicts, and what is in the log.
import { ProblemError, type Verdict } from '@questline/contracts'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { booksViolations } from '../../../../tests/books-invariants.ts'
import { NOON } from '../../../../tests/builders.ts'
import { DATABASES } from '../../../../tests/database.ts'
import { type BooksFixture, freshBooks } from '../../../../tests/fresh-books.ts'
import { plainSql } from '../../../../tests/plain-sql.ts'
import { readLog } from '../log/log.ts'
import { type Arrival, createIngest, type Ingest } from './ingest.ts'

type Event = Readonly<Record<string, unknown>>
type Batch = { readonly app: string; readonly events: readonly Event[] }

/** Few ids, players and transactions, so that all of them meet. */
const anId = fc.constantFrom(
  ...[1, 2, 3, 4, 5, 6].map((n) => `0199a1b2-c3d4-7e5f-8a6b-00000000000${n}`),
  ...['0199A1B2-C3D4-7E5F-8A6B-000000000001', 'no id', null],
)
const anEvent: fc.Arbitrary<Event> = fc.record(
  {
    event_id: anId,
    event_type: fc.constantFrom('purchase', 'purchase', 'purchase', 'earn'),
    occurred_at: fc.constant('2026-03-01T12:00:00Z'),
    player_id: fc.constantFrom('ada', 'ada', 'bob'),
    platform: fc.constant('ios'),
    product_id: fc.constant('gems'),
    quantity: fc.constantFrom(1, 1, 0),
    amount_micros: fc.constantFrom(5, 6),
    currency: fc.constant('EUR'),
    transaction_id: fc.constantFrom('', 't1', 't2'),
    store: fc.constantFrom('apple', 'google'),
    app_id: fc.constantFrom('a', 'a', 'b'),
    level: fc.constant(7),
  },
  {
    requiredKeys: [
      'event_id',
      'event_type',
      'occurred_at',
      'player_id',
      'platform',
      'product_id',
      'quantity',
      'amount_micros',
      'currency',
    ],
  },
)
const aBatch = fc.record({
  app: fc.constantFrom('a', 'a', 'a', 'b'),
  events: fc.array(anEvent, { maxLength: 8 }),
})

/** What must become of each event, decided one after the other. */
function createModel() {
  const ids = new Map<string, string>()
  const bought = new Map<string, string>()
  const log: string[] = []
  const text = (fields: Event) => JSON.stringify(Object.entries(fields).sort())
  return {
    log,
    judge(app: string, event: Event): string {
      const { event_id: id, event_type: type, quantity, app_id: named = app } = event
      if (id === null) return 'rejected missing-event-id'
      if (id === 'no id') return 'rejected invalid-event-id'
      if (type !== 'purchase') return 'rejected unknown-event-type'
      if (quantity === 0) return 'rejected schema'
      if (named !== app) return 'rejected wrong-app'
      const eventId = String(id).toLowerCase()
      const key = `${app} ${eventId}`
      const whole = text({ ...event, event_id: eventId, app_id: app })
      const before = ids.get(key)
      if (before !== undefined) return before === whole ? 'duplicate' : 'conflict event-id-conflict'
      const { transaction_id: transaction = '', store = '', player_id, amount_micros } = event
      const said = `${player_id} ${amount_micros}`
      const paid = bought.get(`${app} ${store} ${transaction}`)
      if (transaction !== '' && paid !== undefined) {
        return paid === said ? 'duplicate transaction-duplicate' : 'conflict transaction-conflict'
      }
      ids.set(key, whole)
      if (transaction !== '') bought.set(`${app} ${store} ${transaction}`, said)
      log.push(key)
      return 'level' in event ? 'accepted unknown-field' : 'accepted'
    },
  }
}

const shown = ({ status, code }: Verdict) => (code === undefined ? status : `${status} ${code}`)

describe.each(DATABASES)('on $name', (database) => {
  let books: BooksFixture
  let ingest: Ingest
  beforeAll(async () => {
    books = await freshBooks(database)
    ingest = createIngest(books, { queueEventsMax: 1_000, queueBytesMax: 1e6 })
  })
  afterAll(() => books.close())

  const arrival = (app: string): Arrival => ({
    ...{ app, requestId: 'r', sdk: null, sentAt: null, receivedAt: NOON, monotonic: null },
  })
  const send = ({ app, events }: Batch) =>
    ingest.batch(arrival(app), { events }, JSON.stringify({ events }))
  const empty = () =>
    plainSql(
      books.url,
      ...['event_batches', 'event_ids', 'arrivals', 'refused_events', 'purchase_transactions'].map(
        (table) => `DELETE FROM ${table}`,
      ),
      'UPDATE log_head SET log_offset = 0',
    )

  it('each event has the verdict of the model, and the log holds what the model accepted', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(aBatch, { minLength: 1, maxLength: 3 }), { maxLength: 6 }),
        async (rounds) => {
          await empty()
          const model = createModel()
          for (const together of rounds) {
            const answers = await Promise.all(together.map(send))
            const wanted = together.map(({ app, events }) =>
              events.map((event) => model.judge(app, event)),
            )
            expect(answers.map((verdicts) => verdicts.map(shown))).toEqual(wanted)
          }
          const logged: string[] = []
          for await (const { records } of readLog(books.store.read, 0, { events: 5 })) {
            logged.push(...records.map(({ app, eventId }) => `${app} ${eventId}`))
          }
          expect(logged.toSorted()).toEqual(model.log.toSorted())
          for (const app of ['a', 'b']) {
            const own = (keys: readonly string[]) => keys.filter((key) => key.startsWith(`${app} `))
            expect(own(logged)).toEqual(own(model.log))
          }
          expect(await booksViolations(books.url)).toEqual([])
        },
      ),
      { numRuns: database.name === 'sqlite' ? 300 : 60 },
    )
  }, 60_000)

  it('what waits is bounded by events and by bytes, and an empty queue takes anything', async () => {
    const small = createIngest(books, { queueEventsMax: 3, queueBytesMax: 2_000 })
    const batch = (n: number, pad = '') => {
      const events = Array.from({ length: n }, () => ({ event_id: 'x', pad }))
      return small.batch(arrival('a'), { events }, JSON.stringify({ events }))
    }
    const statuses = async (all: readonly Promise<Verdict[]>[]) =>
      (await Promise.all(all)).map((verdicts) => verdicts.map(({ status }) => status).join())
    expect(await statuses([batch(2), batch(2), batch(1)])).toEqual([
      ...['rejected,rejected', 'retry,retry', 'rejected'],
    ])
    expect(
      await statuses([batch(1, 'x'.repeat(1_900)), batch(1, 'x'.repeat(200)), batch(1)]),
    ).toEqual([...['rejected', 'retry', 'rejected']])
    const much = batch(4)
    expect(() => small.admit()).toThrow(ProblemError)
    expect(await statuses([much])).toEqual(['rejected,rejected,rejected,rejected'])
    expect(small.waiting()).toEqual({ events: 0, bytes: 0 })
    small.admit()
  })
})
