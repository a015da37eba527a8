import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { booksViolations } from '../../../../tests/books-invariants.ts'
import { anEvent, anIntent, NOON } from '../../../../tests/builders.ts'
import { DATABASES } from '../../../../tests/database.ts'
import { type BooksFixture, freshBooks } from '../../../../tests/fresh-books.ts'
import { plainSql } from '../../../../tests/plain-sql.ts'
import type { EventFilter, NewEvent, Recorded } from './log.ts'

const HOUR_MS = 3_600_000
const ALL: EventFilter = { eventType: null, from: null, to: null }
const FIRST = { limit: 100, skip: 0, before: null }

describe.each(DATABASES)('the log on $name', (database) => {
  let books: BooksFixture
  const record = (changes: Partial<NewEvent> = {}) => books.log.record(anEvent(changes))
  const offsetOf = (recorded: Recorded) => ('offset' in recorded ? recorded.offset : recorded.kind)
  const clear = () =>
    plainSql(
      books.url,
      'DELETE FROM event_log',
      'DELETE FROM event_counts',
      'UPDATE log_head SET log_offset = 0',
    )

  beforeAll(async () => {
    books = await freshBooks(database)
    await books.addPlayers('alice', 'bob')
  })
  afterAll(() => books.close())
  beforeEach(clear)

  describe('recording', () => {
    it('gives offsets 1, 2, 3 … in the order of arrival, whatever comes together', async () => {
      expect(await books.log.head()).toBe(0)
      expect(await record()).toEqual({ kind: 'recorded', offset: 1, replayed: false })
      const together = await Promise.all(Array.from({ length: 20 }, () => record()))
      expect(together.map(offsetOf)).toEqual(Array.from({ length: 20 }, (_, i) => i + 2))
      expect(await books.log.head()).toBe(21)
      expect(await booksViolations(books.url)).toEqual([])
    })

    it('keeps every field as it came', async () => {
      const payload = `{"a":"'\\"\\u2028👾"}, NULL, ${'\u{10ffff}'.repeat(4_000)}`
      await record({ app: "o'app", eventType: 'x.y-z_1', payload, occurredAt: -1, receivedAt: 2 })
      expect(await plainSql(books.url, 'SELECT * FROM event_log')).toEqual([
        {
          log_offset: 1n,
          app: "o'app",
          event_type: 'x.y-z_1',
          player_id: 'alice',
          occurred_at: -1n,
          received_at: 2n,
          payload,
          key_scope: null,
          fingerprint: null,
        },
      ])
    })

    it('under a key happens once: a repeat gets the first offset, another request none', async () => {
      const keyed = { intent: anIntent('once', { route: '/event' }) }
      const first = await record(keyed)
      await record()
      expect(await record(keyed)).toEqual({ ...first, replayed: true })
      const other = { intent: anIntent('once', { route: '/event', body: '{}' }) }
      expect(await record(other)).toEqual({ kind: 'key-reused' })
      const another = { intent: anIntent('once', { route: '/event', caller: 'player:bob' }) }
      expect(await record(another)).toEqual({ kind: 'recorded', offset: 3, replayed: false })
      expect(await books.log.head()).toBe(3)
    })

    it('under one key fifty times at once happens once', async () => {
      const keyed = { intent: anIntent('storm', { route: '/event' }) }
      const recorded = await Promise.all(Array.from({ length: 50 }, () => record(keyed)))
      expect(new Set(recorded.map(offsetOf))).toEqual(new Set([1]))
      expect(recorded.filter((each) => 'replayed' in each && !each.replayed)).toHaveLength(1)
      expect(await books.log.head()).toBe(1)
    })

    it('for a player that must exist and does not, happens not at all, and takes no key', async () => {
      const nobody = { playerId: 'carol', mustExist: true, intent: anIntent('carol') }
      const outcomes = await Promise.all([record(), record(nobody), record({ mustExist: true })])
      expect(outcomes.map(offsetOf)).toEqual([1, 'unknown-player', 2])
      expect(await record(nobody)).toEqual({ kind: 'unknown-player' })
      expect(await record({ ...nobody, mustExist: false })).toMatchObject({ offset: 3 })
    })

    it('of nobody in particular is possible', async () => {
      await record({ playerId: null, mustExist: true })
      expect(await books.log.head()).toBe(1)
    })
  })

  describe("a player's events", () => {
    const eventsOf = async (filter: Partial<EventFilter>, page = {}) => {
      const found = await books.log.eventsOf('alice', { ...ALL, ...filter }, { ...FIRST, ...page })
      return { offsets: found.events.map(({ offset }) => offset), total: found.total }
    }
    /** Offsets 1 … 6; two happened in the same millisecond, one late. */
    const HAPPENED = [NOON, NOON + 5, NOON + 5, NOON + 9, NOON - 7, NOON + 20]
    beforeEach(async () => {
      for (const [i, occurredAt] of HAPPENED.entries()) {
        await record({ occurredAt, eventType: i % 2 === 0 ? 'even' : 'odd', payload: `no ${i}` })
      }
      await record({ playerId: 'bob', occurredAt: NOON + 6 })
      await record({ playerId: null, occurredAt: NOON + 6 })
    })

    it('are shown newest first, by time and then by offset, and nobody else’s', async () => {
      expect(await eventsOf({})).toEqual({ offsets: [6, 4, 3, 2, 1, 5], total: 6 })
      const { events } = await books.log.eventsOf('alice', ALL, { ...FIRST, limit: 1 })
      expect(events).toEqual([
        { offset: 6, eventType: 'odd', occurredAt: NOON + 20, payload: 'no 5' },
      ])
      expect(await books.log.eventsOf('nobody', ALL, FIRST)).toEqual({ events: [], total: 0 })
    })

    it('are filtered by type and by time: from included, to not', async () => {
      expect(await eventsOf({ eventType: 'odd' })).toEqual({ offsets: [6, 4, 2], total: 3 })
      expect(await eventsOf({ eventType: 'none' })).toEqual({ offsets: [], total: 0 })
      expect(await eventsOf({ from: NOON + 5 })).toEqual({ offsets: [6, 4, 3, 2], total: 4 })
      expect(await eventsOf({ to: NOON + 5 })).toEqual({ offsets: [1, 5], total: 2 })
      const both = { from: NOON, to: NOON + 9, eventType: 'even' }
      expect(await eventsOf(both)).toEqual({ offsets: [3, 1], total: 2 })
      expect(await eventsOf({ from: NOON + 9, to: NOON })).toEqual({ offsets: [], total: 0 })
    })

    it('come page by page, by offset or by position, each once', async () => {
      expect(await eventsOf({}, { limit: 2, skip: 1 })).toEqual({ offsets: [4, 3], total: 6 })
      expect(await eventsOf({}, { limit: 2, skip: 6 })).toEqual({ offsets: [], total: 6 })
      const seen: number[] = []
      let before: { occurredAt: number; offset: number } | null = null
      do {
        const page = { limit: 1, skip: 0, before }
        const { events } = await books.log.eventsOf('alice', { ...ALL, to: NOON + 20 }, page)
        before = events.at(-1) ?? null
        seen.push(...events.map(({ offset }) => offset))
        if (seen.length === 2) await record({ occurredAt: NOON + 19 })
      } while (before !== null)
      expect(seen).toEqual([4, 3, 2, 1, 5])
    })
  })

  describe('counts', () => {
    const APPS = ['a', 'b']
    const TYPES = ['x', 'y', 'Z', 'a_c', 'ab']
    const aTime = fc.integer({ min: NOON - 3 * HOUR_MS - 5, max: NOON + 3 * HOUR_MS + 5 })
    const edge = fc.constantFrom(NOON - HOUR_MS, NOON, NOON + 1, NOON - 1, NOON + 2 * HOUR_MS)
    const bound = fc.oneof(fc.constant(null), aTime, edge, edge)
    const anyEvent = fc.record({
      app: fc.constantFrom(...APPS),
      eventType: fc.constantFrom(...TYPES),
      playerId: fc.constantFrom('alice', 'bob', null),
      occurredAt: fc.oneof(aTime, edge),
    })
    const anyFilter = fc.record({
      eventType: fc.constantFrom(null, ...TYPES),
      from: bound,
      to: bound,
    })
    const anySubject = fc.constantFrom(
      { app: null },
      { app: 'a' },
      { app: 'b' },
      { app: 'none' },
      { playerId: 'alice' },
      { playerId: 'nobody' },
    )

    /** Counting by looking at each event. */
    const counted = (
      events: readonly Partial<NewEvent>[],
      of: { app: string | null } | { playerId: string },
      filter: EventFilter,
    ) => {
      const counts = new Map<string, number>()
      for (const { app, playerId, eventType = '', occurredAt = 0 } of events) {
        const isOfSubject = 'playerId' in of ? playerId === of.playerId : (of.app ?? app) === app
        const isInTime =
          occurredAt >= (filter.from ?? -Infinity) && occurredAt < (filter.to ?? Infinity)
        const isOfType = (filter.eventType ?? eventType) === eventType
        if (isOfSubject && isInTime && isOfType) {
          counts.set(eventType, (counts.get(eventType) ?? 0) + 1)
        }
      }
      return [...counts]
        .map(([eventType, count]) => ({ eventType, count }))
        .sort((a, b) => b.count - a.count || (a.eventType < b.eventType ? -1 : 1))
    }

    it('of a player, an app or everybody are what counting gives, whole hours or not', async () => {
      const data = fc.sample(anyEvent, { numRuns: 400, seed: 7 })
      await Promise.all(data.map((event) => record(event)))
      await fc.assert(
        fc.asyncProperty(anySubject, anyFilter, async (of, filter) => {
          const wanted = counted(data, of, filter)
          const { counts, total } = await books.log.stats(of, filter, { limit: 100, skip: 0 })
          expect(counts).toEqual(wanted)
          expect(total).toBe(wanted.length)
        }),
        { numRuns: 300, interruptAfterTimeLimit: 5_000 },
      )
      expect(await plainSql(books.url, 'SELECT sum(events) AS n FROM event_counts')).toEqual([
        { n: 400n },
      ])
    })

    it('come page by page, the most frequent first', async () => {
      for (const eventType of ['x', 'y', 'y', 'Z', 'Z']) await record({ eventType })
      const page = (limit: number, skip: number) =>
        books.log.stats({ app: null }, ALL, { limit, skip })
      const [x, y, z] = [
        { eventType: 'x', count: 1 },
        { eventType: 'y', count: 2 },
        { eventType: 'Z', count: 2 },
      ]
      expect(await page(2, 0)).toEqual({ counts: [z, y], total: 3 })
      expect(await page(2, 2)).toEqual({ counts: [x], total: 3 })
      expect(await page(2, 3)).toEqual({ counts: [], total: 3 })
    })
  })
})
