import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { booksViolations } from '../../../../tests/books-invariants.ts'
import { aDelivery, aGameEvent, anEvent, NOON } from '../../../../tests/builders.ts'
import { DATABASES } from '../../../../tests/database.ts'
import { type BooksFixture, freshBooks } from '../../../../tests/fresh-books.ts'
import { plainSql } from '../../../../tests/plain-sql.ts'
import { createAudit } from '../audit/audit.ts'
import {
  type Delivery,
  ExpiredOffsetsError,
  expireBatch,
  type LogPage,
  type LogRecord,
  type NewGameEvent,
  type NewGameEvents,
  type Outcome,
  RECORD_GAME_EVENTS,
  type RefusedEvent,
  readLog,
  sweepRefused,
} from './log.ts'

const aRefusal = (changes: Partial<RefusedEvent> = {}): RefusedEvent => ({
  ...{ eventId: null, eventType: null, reason: 'schema', path: '/x', line: null },
  raw: Buffer.from('{"x":1}'),
  ...changes,
})
const aPurchase = (id: string, changes: Partial<NewGameEvent> = {}, store = 'google') =>
  aGameEvent({
    eventType: 'purchase',
    transaction: { store, id, amountMicros: 5, currency: 'EUR' },
    ...changes,
  })

describe.each(DATABASES)('game events in the log on $name', (database) => {
  let books: BooksFixture
  const submit = (parts: Partial<NewGameEvents>) =>
    books.writer.submit(RECORD_GAME_EVENTS, {
      ...{ delivery: aDelivery(), events: [], refused: [], progress: null },
      ...parts,
    })
  const record = (events: readonly NewGameEvent[], delivery: Delivery = aDelivery()) =>
    submit({ events, delivery })
  const kinds = (outcomes: readonly Outcome[]) => outcomes.map(({ kind }) => kind)
  const accepted = (offset: number): Outcome => ({ kind: 'accepted', offset })
  const pages = async (after = 0, settings: Partial<Parameters<typeof readLog>[2]> = {}) => {
    const found: LogPage[] = []
    for await (const page of readLog(books.store.read, after, { events: 100, ...settings })) {
      found.push(page)
    }
    return found
  }
  const audit = async () => (await createAudit({ store: books.store }).run()).discrepancies
  const rows = (sql: string) => plainSql(books.url, sql)

  beforeAll(async () => {
    books = await freshBooks(database)
  })
  afterAll(() => books.close())
  beforeEach(async () => {
    expect(await booksViolations(books.url)).toEqual([])
    const tables = ['event_log', 'event_counts', 'event_batches', 'event_ids', 'arrivals']
    const others = ['refused_events', 'purchase_transactions', 'imports']
    await plainSql(
      books.url,
      ...[...tables, ...others].map((table) => `DELETE FROM ${table}`),
      'UPDATE log_head SET log_offset = 0',
    )
  })

  describe('recording', () => {
    it('gives accepted events offsets in their order, among all other events', async () => {
      await books.log.record(anEvent({ playerId: null }))
      expect(await record([aGameEvent(), aGameEvent()])).toEqual([accepted(2), accepted(3)])
      await books.log.record(anEvent({ playerId: null }))
      expect(await record([aGameEvent()])).toEqual([accepted(5)])
      expect(await books.log.head()).toBe(5)
    })

    it('puts all events of a commit into one row, whoever sent them', async () => {
      await Promise.all([record([aGameEvent(), aGameEvent()]), record([aGameEvent()])])
      expect(await rows('SELECT first_offset, last_offset FROM event_batches')).toEqual([
        { first_offset: 1n, last_offset: 3n },
      ])
    })

    it('keeps nothing of a request without events', async () => {
      expect(await record([])).toEqual([])
      expect(await rows('SELECT * FROM arrivals')).toEqual([])
    })

    it.each(['one commit', 'two commits'])(
      'the same event twice in %s is a duplicate',
      async (how) => {
        const event = aGameEvent()
        const [first, again] =
          how === 'one commit'
            ? await Promise.all([record([event]), record([event])])
            : [await record([event]), await record([event])]
        expect([first, again]).toEqual([
          [accepted(1)],
          [{ kind: 'duplicate', byTransaction: false }],
        ])
      },
    )

    it('the same id with other contents is a conflict that points to the first', async () => {
      const { eventId } = aGameEvent()
      const one = aGameEvent({ eventId })
      const other = aGameEvent({ eventId, text: '{"other":1}' })
      expect(await record([aGameEvent(), one, other])).toEqual([
        ...[accepted(1), accepted(2)],
        { kind: 'conflict', byTransaction: false, firstOffset: 2 },
      ])
      expect(await record([other, aGameEvent()])).toEqual([
        { kind: 'conflict', byTransaction: false, firstOffset: 2 },
        accepted(3),
      ])
      const kept = await rows(
        'SELECT event_id, reason, raw, first_offset, status FROM refused_events',
      )
      const quarantined = {
        ...{ event_id: eventId, reason: 'event-id-conflict', first_offset: 2n, status: 'open' },
        raw: Buffer.from('{"other":1}'),
      }
      expect(kept.map((row) => ({ ...row, raw: Buffer.from(row['raw'] as Uint8Array) }))).toEqual([
        ...[quarantined, quarantined],
      ])
    })

    it('leaves no gap where known and new events are mixed', async () => {
      const known = Array.from({ length: 30 }, () => aGameEvent())
      await record(known)
      const mixed = known.flatMap((event, i) =>
        i % 3 === 0 ? [event, aGameEvent()] : [aGameEvent()],
      )
      const outcomes = await record(mixed)
      expect(kinds(outcomes)).toEqual(
        mixed.map((event) => (known.includes(event) ? 'duplicate' : 'accepted')),
      )
      const offsets = outcomes.flatMap((each) => (each.kind === 'accepted' ? [each.offset] : []))
      expect(offsets).toEqual(Array.from({ length: 30 }, (_, i) => 31 + i))
    })

    it('an id belongs to an app', async () => {
      const event = aGameEvent()
      const others = await Promise.all([
        record([event]),
        record([event], aDelivery({ app: 'second' })),
        record([event], aDelivery({ app: 'third' })),
      ])
      expect(others).toEqual([[accepted(1)], [accepted(2)], [accepted(3)]])
    })

    it('fifty times the same batch at once is accepted once', async () => {
      const batch = Array.from({ length: 20 }, () => aGameEvent())
      const answers = await Promise.all(Array.from({ length: 50 }, () => record(batch)))
      expect(
        answers.filter((answer) => kinds(answer).every((kind) => kind === 'accepted')),
      ).toHaveLength(1)
      expect(answers.flatMap(kinds).filter((kind) => kind === 'duplicate')).toHaveLength(49 * 20)
      expect(await books.log.head()).toBe(20)
    })
  })

  describe('a purchase', () => {
    it('that reports a known transaction under another id is a duplicate, and takes no id', async () => {
      const again = aPurchase('t-1')
      expect(kinds(await record([aPurchase('t-1')]))).toEqual(['accepted'])
      expect(await record([again])).toEqual([{ kind: 'duplicate', byTransaction: true }])
      expect(kinds(await record([{ ...again, transaction: null }]))).toEqual(['accepted'])
    })

    it.each([
      ['player', { playerId: 'bob' }],
      ['amount', { transaction: { store: 'google', id: 't-1', amountMicros: 6, currency: 'EUR' } }],
      [
        'currency',
        { transaction: { store: 'google', id: 't-1', amountMicros: 5, currency: 'USD' } },
      ],
    ])('of another %s is a conflict', async (_, changes) => {
      await record([aGameEvent(), aPurchase('t-1')])
      const conflict = { kind: 'conflict', byTransaction: true, firstOffset: 2 }
      expect(await record([aPurchase('t-1', changes)])).toEqual([conflict])
      expect(await rows('SELECT reason FROM refused_events')).toEqual([
        { reason: 'transaction-conflict' },
      ])
    })

    it('of another store or app is another', async () => {
      const all = await Promise.all([
        record([aPurchase('t-1'), aPurchase('t-1', {}, 'apple'), aPurchase('t-1', {}, '')]),
        record([aPurchase('t-1')], aDelivery({ app: 'second' })),
      ])
      expect(kinds(all.flat())).toEqual(Array(4).fill('accepted'))
    })

    it('is decided in the order of its batch, beside ids that come twice', async () => {
      const first = aPurchase('t-1')
      const conflicting = aPurchase('t-1', { playerId: 'bob' })
      const sameId = aGameEvent({ eventId: conflicting.eventId })
      const outcomes = await record([aGameEvent(), first, conflicting, sameId, first])
      expect(outcomes).toEqual([
        ...[accepted(1), accepted(2)],
        { kind: 'conflict', byTransaction: true, firstOffset: 2 },
        accepted(3),
        { kind: 'duplicate', byTransaction: false },
      ])
    })
  })

  it('counts arrivals by app and minute of receipt, together with what they count', async () => {
    const event = aGameEvent()
    const conflict = aGameEvent({ eventId: event.eventId, text: '{}' })
    const late = aDelivery({ receivedAt: NOON + 60_000 })
    await submit({ events: [event, event, conflict], refused: [aRefusal(), aRefusal()] })
    await submit({ events: [event, aGameEvent()], delivery: late })
    await submit({ refused: [aRefusal()], delivery: aDelivery({ app: 'second' }) })
    const of = (app: string, minute: number, counts: readonly bigint[]) => {
      const [accepted, duplicates, conflicts, rejected] = counts
      return { app, minute: BigInt(minute), accepted, duplicates, conflicts, rejected }
    }
    expect(await rows('SELECT * FROM arrivals ORDER BY app, minute')).toEqual([
      of('default', NOON, [1n, 1n, 1n, 2n]),
      of('default', NOON + 60_000, [1n, 1n, 0n, 0n]),
      of('second', NOON, [0n, 0n, 0n, 1n]),
    ])
  })

  it('keeps what was refused as it came, whatever it holds', async () => {
    const raw = Buffer.from([0x7b, 0xff, 0x00, 0xed, 0xa0, 0x80])
    const eventId = `a\0\ud800${'x'.repeat(2_000)}`
    await submit({ refused: [aRefusal({ raw, eventId, line: 7 })] })
    const [row] = await rows('SELECT * FROM refused_events')
    expect(Buffer.from(row?.['raw'] as Uint8Array)).toEqual(raw)
    expect(row).toMatchObject({ line: 7n, request_id: 'r-1', source: 'http', reason: 'schema' })
    expect(String(row?.['event_id']).slice(0, 4)).toBe('a\ufffd\ufffdx')
    await sweepRefused(books.store, NOON + 1)
    expect(await rows('SELECT count(*) AS n FROM refused_events')).toEqual([{ n: 1n }])
    await submit({ refused: [aRefusal({ line: 8 })] })
    await sweepRefused(books.store, NOON + 1)
    expect(await rows('SELECT line FROM refused_events')).toEqual([{ line: 8n }])
    await plainSql(books.url, 'DELETE FROM arrivals', 'DELETE FROM refused_events')
  })

  describe('reading', () => {
    it('gives each event with all that is known of it', async () => {
      const delivery = aDelivery({
        app: 'a"b',
        sdk: 'js/1.0',
        sentAt: NOON - 3,
        source: 'import:x',
      })
      const text = '{ "n": 1.50, "t":"\\u00e9é👾" }'
      const changes = {
        occurredAt: NOON - 9,
        correctedAt: NOON - 5,
        flags: ['clock_clamped'],
        text,
      }
      const event = aGameEvent({ ...changes, eventType: 'in-app-purchase', playerId: 'é"👾' })
      await record([event], delivery)
      await books.log.record(anEvent({ playerId: null, occurredAt: NOON + 5, payload: '{"a":1}' }))
      await books.log.record(anEvent({ payload: 'no json' }))
      const earn = { app: 'default', eventType: 'earn', playerId: 'alice', payload: null }
      await books.store.transaction((tx) =>
        books.log.append(tx, [{ ...earn, occurredAt: NOON, receivedAt: NOON }]),
      )
      const [page] = await pages()
      const free = { kind: 'free', app: 'default', eventId: null, eventType: 'level_up', sdk: null }
      expect(page).toEqual({
        first: 1,
        last: 4,
        records: [
          {
            ...{ offset: 1, kind: 'game', app: 'a"b', eventId: event.eventId },
            ...{
              eventType: 'in-app-purchase',
              playerId: 'é"👾',
              sdk: 'js/1.0',
              source: 'import:x',
            },
            ...{ occurredAt: NOON - 9, sentAt: NOON - 3, receivedAt: NOON, correctedAt: NOON - 5 },
            ...{ flags: ['clock_clamped'], event: { n: 1.5, t: 'éé👾' } },
          },
          {
            ...{ ...free, offset: 2, playerId: null, occurredAt: NOON + 5, sentAt: null },
            ...{ receivedAt: NOON, correctedAt: NOON, flags: [], source: 'http', event: { a: 1 } },
          },
          expect.objectContaining({ ...free, offset: 3, playerId: 'alice', event: 'no json' }),
          expect.objectContaining({ offset: 4, kind: 'server', eventType: 'earn', event: null }),
        ],
      })
      await plainSql(
        books.url,
        "DELETE FROM event_log WHERE event_type = 'earn'",
        'UPDATE log_head SET log_offset = 3',
      )
      await plainSql(books.url, "DELETE FROM event_counts WHERE event_type = 'earn'")
    })

    it('gives every offset once and in order, whatever the pages and the start', async () => {
      for (const size of [3, 0, 1, 200, 0, 0, 7]) {
        if (size === 0) await books.log.record(anEvent({ playerId: null }))
        else await record(Array.from({ length: size }, () => aGameEvent()))
      }
      const all = Array.from({ length: 214 }, (_, i) => i + 1)
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 0, max: 215 }),
          fc.integer({ min: 1, max: 250 }),
          fc.integer({ min: 0, max: 300 }),
          async (after, events, until) => {
            const found = await pages(after, { events, until })
            const wanted = all.slice(after, Math.max(after, until))
            const offsets = ({ records }: LogPage) => records.map((each: LogRecord) => each.offset)
            expect(found.flatMap(offsets)).toEqual(wanted)
            for (const page of found) {
              expect([page.first, page.last]).toEqual([offsets(page)[0], offsets(page).at(-1)])
            }
          },
        ),
        { numRuns: 60 },
      )
    })

    it('fails at events that have left the table, unless told to skip them', async () => {
      const [one, other] = [aGameEvent(), aGameEvent()]
      await record([one, other])
      await record([aGameEvent()], aDelivery({ receivedAt: NOON + 1 }))
      expect(await pages()).toHaveLength(1)
      const ids = [one, other].map(({ eventId }) => ({ app: 'default', eventId }))
      await books.store.transaction((tx) => expireBatch(tx, 2, ids))
      await expect(pages()).rejects.toThrow(ExpiredOffsetsError)
      const skipped = await pages(0, { expired: 'skip' })
      expect(skipped.flatMap(({ records }) => records.map(({ offset }) => offset))).toEqual([3])
      expect(await rows('SELECT log_offset FROM event_ids')).toEqual([{ log_offset: 3n }])
      // Their ids are forgotten with them.
      expect(await record([one])).toEqual([accepted(4)])
      expect(await audit()).toEqual([])
      await plainSql(
        books.url,
        ...['DELETE FROM event_batches', 'DELETE FROM event_ids', 'DELETE FROM arrivals'],
        'UPDATE log_head SET log_offset = 0',
      )
    })
  })
})
