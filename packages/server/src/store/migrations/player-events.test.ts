import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { DATABASES, type FreshDatabase } from '../../../../../tests/database.ts'
import { openTestStore } from '../../../../../tests/open-store.ts'
import { plainSql } from '../../../../../tests/plain-sql.ts'
import { migrate, type Store } from '../store.ts'
import { BOOKS } from './0001-books.ts'
import { GAME_EVENTS } from './0002-game-events.ts'

/** `count` events of one player at the end of the log, with its head. */
const events = (first: number, count: number): string[] => [
  `INSERT INTO event_log (log_offset, app, event_type, player_id, occurred_at, received_at)
    WITH RECURSIVE n(n) AS (SELECT ${first} UNION ALL SELECT n + 1 FROM n WHERE n < ${first + count - 1})
    SELECT n, 'default', 'win', 'alice', 0, 0 FROM n`,
  `UPDATE log_head SET log_offset = ${first + count - 1}`,
]
const OFFSETS = 'SELECT log_offset AS n FROM player_events ORDER BY log_offset'
const PARTS = `SELECT (SELECT count(*) FROM indexed_player_events) AS indexed,
  (SELECT count(*) FROM newest_player_events) AS newest`

describe.each(DATABASES)('the index of player events on $name', (database) => {
  let fresh: FreshDatabase
  let store: Store
  const offsets = async () => (await plainSql(fresh.url, OFFSETS)).map(({ n }) => Number(n))
  const upTo = (head: number) => Array.from({ length: head }, (_, i) => i + 1)

  beforeEach(async () => {
    fresh = await database.fresh()
    store = openTestStore(fresh.url)
  })
  afterEach(async () => {
    await store.close()
    await fresh.drop()
  })

  it.each([0, 1_023, 1_024, 3_000])('is made of a log that has %i events', async (head) => {
    await migrate(store, () => 0, [BOOKS, GAME_EVENTS])
    if (head > 0) await plainSql(fresh.url, ...events(1, head))
    expect(await migrate(store, () => 0)).toContain('player-events')
    expect(await offsets()).toEqual(upTo(head))
    await plainSql(fresh.url, ...events(head + 1, 1_500))
    expect(await offsets()).toEqual(upTo(head + 1_500))
  })

  it('leaves fewer than 1,024 events that are looked at one by one', async () => {
    await migrate(store, () => 0)
    await plainSql(fresh.url, ...events(1, 1_000), ...events(1_001, 1_500))
    const [parts] = await plainSql(fresh.url, PARTS)
    const sqlite = { indexed: 2_048n, newest: 452n }
    expect(parts).toEqual(database.name === 'sqlite' ? sqlite : { indexed: 2_500n, newest: 0n })
  })

  it('stays as it is when a probe of readiness turns the head below zero and back', async () => {
    await migrate(store, () => 0)
    await plainSql(fresh.url, ...events(1, 1_500))
    if (database.name === 'sqlite') await plainSql(fresh.url, 'DELETE FROM player_event_index')
    const before = await offsets()
    const probe = 'UPDATE log_head SET log_offset = -1 - log_offset'
    await plainSql(fresh.url, probe, probe)
    expect(await offsets()).toEqual(before)
  })
})
