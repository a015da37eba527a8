import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { anEvent, NOON } from '../../../../tests/builders.ts'
import { DATABASES } from '../../../../tests/database.ts'
import { type BooksFixture, freshBooks } from '../../../../tests/fresh-books.ts'
import { plainSql } from '../../../../tests/plain-sql.ts'
import type { EventFilter, EventRow } from './log.ts'

const ALL: EventFilter = { eventType: null, from: null, to: null }
const TYPES = ['jump', 'lose', 'win']

/** The n-th event: three players in turns, times that go back and repeat, three types. */
const nth = (n: number) =>
  anEvent({
    playerId: ['alice', 'bob', null][n % 3] ?? null,
    occurredAt: NOON + ((n * 7_919) % 501),
    eventType: TYPES[n % 7 === 0 ? 0 : 1 + (n % 2)] ?? '',
    payload: `no ${n}`,
  })

/** Alice's of the first `head` events, as they are promised to be shown. */
const expected = (head: number, { eventType, from, to }: EventFilter): EventRow[] =>
  Array.from({ length: head }, (_, i) => ({ offset: i + 1, ...nth(i + 1) }))
    .filter((event) => event.playerId === 'alice')
    .filter((event) => eventType === null || event.eventType === eventType)
    .filter(({ occurredAt: at }) => (from === null || at >= from) && (to === null || at < to))
    .sort((a, b) => b.occurredAt - a.occurredAt || b.offset - a.offset)
    .map(({ offset, eventType: type, occurredAt, payload }) => ({
      ...{ offset, eventType: type, occurredAt, payload },
    }))

// SQLite indexes 1,024 offsets together, so each size that these pass or stop short of is a case.
describe.each(DATABASES)("a player's events in a log that grows, on $name", (database) => {
  let books: BooksFixture
  let head = 0
  const recordUpTo = async (until: number): Promise<void> => {
    const events = Array.from({ length: until - head }, (_, i) => nth(head + i + 1))
    await Promise.all(events.map((event) => books.log.record(event)))
    head = until
  }
  const pagesOf = async (filter: EventFilter): Promise<EventRow[]> => {
    const found: EventRow[] = []
    for (;;) {
      const last = found.at(-1) ?? null
      const page = { limit: 150, skip: 0, before: last }
      const { events } = await books.log.eventsOf('alice', filter, page)
      if (events.length === 0) return found
      found.push(...events)
    }
  }

  beforeAll(async () => {
    books = await freshBooks(database)
    await books.addPlayers('alice', 'bob')
  })
  afterAll(() => books.close())

  describe.each([1, 1_023, 1_024, 1_025, 1_100, 4_200])('to %i events', (size) => {
    beforeAll(() => recordUpTo(size))

    it.each([
      ALL,
      { eventType: 'win', from: null, to: null },
      { eventType: null, from: NOON + 100, to: NOON + 300 },
    ])('are complete and newest first: %j', async (filter) => {
      const events = expected(head, filter)
      expect(await pagesOf(filter)).toEqual(events)
      const page = { limit: 20, skip: 30, before: null }
      expect(await books.log.eventsOf('alice', filter, page)).toEqual({
        events: events.slice(30, 50),
        total: events.length,
      })
    })

    it('are counted by type, each type once', async () => {
      const { counts } = await books.log.stats({ playerId: 'alice' }, ALL, { limit: 9, skip: 0 })
      const events = expected(head, ALL)
      const count = (eventType: string) => events.filter((e) => e.eventType === eventType).length
      const types = TYPES.map((eventType) => ({ eventType, count: count(eventType) }))
      const order = [...types].filter((type) => type.count > 0).sort((a, b) => b.count - a.count)
      expect(counts).toEqual(order)
    })
  })

  it('are gone with the rows that leave the log', async () => {
    await plainSql(books.url, 'DELETE FROM event_log WHERE log_offset <= 50')
    const offsets = (await pagesOf(ALL)).map(({ offset }) => offset)
    const left = expected(head, ALL).filter(({ offset }) => offset > 50)
    expect(offsets).toEqual(left.map(({ offset }) => offset))
  })
})
