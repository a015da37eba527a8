import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { booksViolations, violationsIn } from './books-invariants.ts'
import { anEvent, anIntent, aPosting, NOON } from './builders.ts'
import { DATABASES } from './database.ts'
import { type BooksFixture, freshBooks } from './fresh-books.ts'
import { openPlainSql, type PlainSql } from './plain-sql.ts'

/** Each fault, as SQL on good books, and what must be found then. */
const FAULTS: readonly (readonly [fault: string, sql: string, found: RegExp])[] = [
  ['a balance that moved alone', 'UPDATE balances SET balance = balance + 1', /add up to 7/],
  [
    'a balance without entries',
    `INSERT INTO balances VALUES ('bob', 'coins', 0, 0, 0, 0)`,
    /bob \(coins\) has version 0 and 0/,
  ],
  ['entries without a balance', 'DELETE FROM balances', /has entries and no balance/],
  [
    'a version that is not the number of entries',
    'UPDATE balances SET version = 9',
    /has version 9/,
  ],
  [
    'a gap in the versions',
    'UPDATE ledger_entries SET version = 3 WHERE entry_id = 2',
    /version 3, not 2/,
  ],
  [
    'a broken chain',
    'UPDATE ledger_entries SET balance_after = 8 WHERE entry_id = 1',
    /0 \+ 10 became 8/,
  ],
  [
    'an amount with the wrong sign',
    "UPDATE ledger_entries SET kind = 'spend' WHERE entry_id = 1",
    /is a spend of 10/,
  ],
  [
    'a balance below zero in between',
    'UPDATE ledger_entries SET amount = -20, balance_after = -10 WHERE entry_id = 2',
    /left a balance of -10/,
  ],
  [
    'an entry without its event',
    "UPDATE event_log SET event_type = 'x' WHERE log_offset = 1",
    /entry 1 has no event/,
  ],
  [
    'an event without its entry',
    'DELETE FROM ledger_entries WHERE entry_id = 2',
    /event 2 is a movement without an entry/,
  ],
  [
    'an event of another player',
    "UPDATE event_log SET player_id = 'bob' WHERE log_offset = 1",
    /entry 1 and its event differ/,
  ],
  [
    'an event that says another amount',
    "UPDATE event_log SET payload = '{}' WHERE log_offset = 1",
    /entry 1 and its event differ/,
  ],
  [
    'a gap in the log',
    'UPDATE event_log SET log_offset = 9 WHERE log_offset = 3',
    /row 3 of the log has offset 9/,
  ],
  ['a head that is behind', 'UPDATE log_head SET log_offset = 2', /its head is 2/],
  ['a count that is too high', 'UPDATE event_counts SET events = events + 1', /2 kept, 1 there/],
  ['a count that is missing', 'DELETE FROM event_counts', /none kept, 1 there/],
  [
    'a key with two outcomes',
    'UPDATE ledger_entries SET key_scope = (SELECT key_scope FROM event_log WHERE log_offset = 3) WHERE entry_id = 1',
    /has 2 outcomes/,
  ],
  [
    'a postback without its event',
    "INSERT INTO raw_postbacks VALUES (77, 's', '{}', NULL, 0, 0, '00', NULL)",
    /postback 77 has no event/,
  ],
  [
    'an event without its postback',
    "UPDATE event_log SET event_type = 'af_x' WHERE log_offset = 3",
    /event 3 has no postback/,
  ],
  ['a wrong number of players', 'UPDATE player_count SET players = 5', /5 players kept, 2 there/],
]

describe.each(DATABASES)('the check of the books on $name', (database) => {
  let books: BooksFixture
  let sql: PlainSql

  beforeAll(async () => {
    books = await freshBooks(database)
    await books.addPlayers('alice', 'bob')
    await books.ledger.post(aPosting({ amount: 10, reason: 'a "gift"' }))
    await books.ledger.post(aPosting({ kind: 'spend', amount: 3, intent: anIntent('one') }))
    await books.log.record(anEvent({ intent: anIntent('two'), occurredAt: NOON - 1 }))
    await books.ledger.post(aPosting({ kind: 'spend', amount: 8, intent: anIntent('three') }))
    sql = await openPlainSql(books.url)
    const guards = {
      sqlite: ['DROP TRIGGER ledger_entries_no_update', 'DROP TRIGGER ledger_entries_no_delete'],
      postgres: ['ALTER TABLE ledger_entries DISABLE TRIGGER ALL'],
    }
    for (const guard of guards[sql.dialect]) await sql.rows(guard)
  })
  afterAll(async () => {
    await sql.close()
    await books.close()
  })
  beforeEach(() => sql.rows('BEGIN'))
  afterEach(() => sql.rows('ROLLBACK'))

  it('finds nothing in good books', async () => {
    expect(await booksViolations(books.url)).toEqual([])
  })

  it.each(FAULTS)('finds %s', async (_fault, statement, found) => {
    await sql.rows(statement)
    expect((await violationsIn(sql)).join('\n')).toMatch(found)
  })
})
