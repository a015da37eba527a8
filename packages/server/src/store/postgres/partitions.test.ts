import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type FreshDatabase, freshPostgres } from '../../../../../tests/database.ts'
import { openTestStore } from '../../../../../tests/open-store.ts'
import { openPlainSql, type PlainSql } from '../../../../../tests/plain-sql.ts'
import { systemClock } from '../../platform/platform.ts'
import {
  expirePartitions,
  keepPartitionsAhead,
  MIGRATIONS,
  migrate,
  type Store,
  shared,
} from '../store.ts'

const WEEK_MS = 604_800_000
const now = systemClock.now()
const thisWeek = Math.floor(now / WEEK_MS)
const FIRST_SPAN = 4_194_304

const INSERT_BATCH = shared('test.insert-batch', "INSERT INTO event_batches VALUES ($1, $2, 0, '')")
const READ_BATCHES = shared('test.batches', 'SELECT length(payload) AS bytes FROM event_batches')

let fresh: FreshDatabase
let store: Store
let sql: PlainSql

beforeEach(async () => {
  fresh = await freshPostgres()
  store = openTestStore(fresh.url)
  sql = await openPlainSql(fresh.url)
})
afterEach(async () => {
  await sql.close()
  await store.close()
  await fresh.drop()
})

/** An id of version 7 from the middle of a week, as SQL writes bytes. */
const idOf = (week: number, n: number): string => {
  const time = Math.floor(week * WEEK_MS + WEEK_MS / 2)
    .toString(16)
    .padStart(12, '0')
  return `'\\x${time}7000${n.toString(16).padStart(16, '8')}'::bytea`
}
const oddId = (n: number): string =>
  `'\\x${n.toString(16).padStart(12, '0')}40008000000000000000'::bytea`

/** As older servers write it: through the view. */
const know = (id: string, offset: number) =>
  sql.rows(`INSERT INTO event_ids VALUES ('a', ${id}, '\\x00', ${offset})`)
const placeOf = async (id: string): Promise<string[]> =>
  (
    await sql.rows(
      `SELECT tableoid::regclass AS part FROM known_event_ids WHERE event_id = ${id}
       UNION ALL SELECT tableoid::regclass FROM event_ids_before WHERE event_id = ${id}`,
    )
  ).map(({ part }) => String(part))
const partitions = async (parent: string): Promise<string[]> =>
  (
    await sql.rows(
      `SELECT name FROM log_partitions WHERE parent = '${parent}' ORDER BY lower NULLS FIRST`,
    )
  ).map(({ name }) => String(name))
const batch = (first: number, last: number, receivedAt: number) =>
  sql.rows(`INSERT INTO event_batches VALUES (${last}, ${first}, ${receivedAt}, 'payload')`)
const head = (offset: number) => sql.rows(`UPDATE log_head SET log_offset = ${offset}`)
const batches = () =>
  sql.rows(
    'SELECT first_offset AS first, last_offset AS last, length(payload) AS bytes FROM event_batches ORDER BY 1',
  )

describe('ids on PostgreSQL', () => {
  beforeEach(async () => {
    await migrate(store, () => now)
  })

  it('lie in the partition of their week; others, those long past and those to come lie apart', async () => {
    await keepPartitionsAhead(store, now)
    const at = { this: thisWeek, last: thisWeek - 1, old: thisWeek - 200, late: thisWeek + 300 }
    for (const week of Object.values(at)) await know(idOf(week, 1), 1)
    await know(oddId(1), 5)
    expect(await placeOf(idOf(at.this, 1))).toEqual([`known_event_ids_${thisWeek}`])
    expect(await placeOf(idOf(at.last, 1))).toEqual([`known_event_ids_${thisWeek - 1}`])
    expect(await placeOf(idOf(at.old, 1))).toEqual(['known_event_ids_past'])
    expect(await placeOf(idOf(at.late, 1))).toEqual(['known_event_ids_future'])
    expect(await placeOf(oddId(1))).toEqual(['known_event_ids_other'])
  })

  it('are unique over all partitions, whichever they lie in', async () => {
    for (const id of [idOf(thisWeek, 1), idOf(3, 1), idOf(thisWeek + 300, 1), oddId(1)]) {
      await know(id, 1)
      await expect(know(id, 2)).rejects.toThrow(/duplicate key/)
    }
  })

  it('of weeks to come move to their partition when it is made, and stay unique', async () => {
    const id = idOf(thisWeek + 5, 1)
    await know(id, 1)
    expect(await placeOf(id)).toEqual(['known_event_ids_future'])
    await keepPartitionsAhead(store, now + 3 * WEEK_MS)
    expect(await placeOf(id)).toEqual([`known_event_ids_${thisWeek + 5}`])
    await expect(know(id, 2)).rejects.toThrow(/duplicate key/)
    // Once more there is nothing to do, and no hole between the partitions.
    await keepPartitionsAhead(store, now + 3 * WEEK_MS)
    for (let week = thisWeek - 10; week < thisWeek + 10; week += 1) await know(idOf(week, 2), 2)
  })

  it('go with their week when it is old, but for those that came late', async () => {
    await keepPartitionsAhead(store, now)
    const oldest = thisWeek - 6
    expect((await partitions('known_event_ids'))[2]).toBe(`known_event_ids_${oldest}`)
    await know(idOf(oldest, 1), 10)
    await know(idOf(oldest, 2), 90)
    await know(idOf(3, 1), 11)
    await know(oddId(1), 12)
    await know(oddId(2), 91)
    await batch(1, 50, (oldest + 1) * WEEK_MS + 1)
    await batch(51, 100, now)
    await head(100)
    await expirePartitions(store, 50)
    expect(await partitions('known_event_ids')).not.toContain(`known_event_ids_${oldest}`)
    for (const gone of [idOf(oldest, 1), idOf(3, 1), oddId(1)])
      expect(await placeOf(gone)).toEqual([])
    expect(await placeOf(idOf(oldest, 2))).toEqual(['known_event_ids_past'])
    expect(await placeOf(oddId(2))).toEqual(['known_event_ids_other'])
    await expect(know(idOf(oldest, 2), 101)).rejects.toThrow(/duplicate key/)
    await know(idOf(oldest, 1), 102)
  })

  it('are looked for in one partition and not in all of them', async () => {
    await keepPartitionsAhead(store, now)
    const plan = await sql.rows(
      `EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) SELECT e.* FROM (SELECT ${idOf(thisWeek, 1)} AS id OFFSET 0) n
       CROSS JOIN LATERAL (SELECT 1 FROM known_event_ids WHERE app = 'a' AND event_id = n.id
         AND week = event_week(n.id) LIMIT 1) e`,
    )
    const lines = plan.map((row) => String(row['QUERY PLAN']))
    const scans = lines.filter((line) => /Scan.* on known_event_ids/.test(line))
    const executed = scans.filter((line) => !line.includes('never executed'))
    expect(scans.length).toBeGreaterThan(5)
    expect(executed).toEqual([expect.stringContaining(`known_event_ids_${thisWeek}`)])
  })
})

describe('batches on PostgreSQL', () => {
  beforeEach(async () => {
    await migrate(store, () => now)
  })

  it('have partitions for long before the head comes there', async () => {
    await keepPartitionsAhead(store, now)
    const [row] = await sql.rows(
      "SELECT max(upper) AS upper FROM log_partitions WHERE parent = 'event_batches'",
    )
    expect(Number(row?.['upper'])).toBeGreaterThanOrEqual(2 ** 25)
    await batch(1, 2 ** 25 - 1, now)
    expect(await batches()).toHaveLength(1)
  })

  it('are written also where nobody made a partition for them', async () => {
    await head(FIRST_SPAN * 40)
    const offset = FIRST_SPAN * 40 + 1
    let attempts = 0
    await store.transaction((tx) => {
      attempts += 1
      return tx.run(INSERT_BATCH, [[offset, offset]])
    })
    expect(attempts).toBe(2)
    expect(await batches()).toMatchObject([{ last: BigInt(offset) }])
  })

  it('have larger partitions where a day brings more', async () => {
    await batch(1, 10, now - 86_400_000)
    await batch(11, 7_000_000, now)
    await head(7_000_000)
    await keepPartitionsAhead(store, now)
    const [row] = await sql.rows(
      "SELECT max(upper - lower) AS span FROM log_partitions WHERE parent = 'event_batches'",
    )
    expect(row?.['span']).toBe(8_388_608n)
  })

  it('that expired leave their offsets and no payload, in fewer rows, and the others stay', async () => {
    await keepPartitionsAhead(store, now)
    for (const [first, last] of [
      [1, 50],
      [51, 100],
      [103, 150],
    ] as const)
      await batch(first, last, 1)
    await batch(FIRST_SPAN * 2 + 1, FIRST_SPAN * 2 + 50, now)
    await head(FIRST_SPAN * 2 + 50)
    await expirePartitions(store, 149)
    expect(await batches()).toHaveLength(4)
    await expirePartitions(store, 150)
    const husk = (first: number, last: number) => ({
      first: BigInt(first),
      last: BigInt(last),
      bytes: 0n,
    })
    expect((await batches()).slice(0, 2)).toEqual([husk(1, 100), husk(103, 150)])
    expect((await batches())[2]).toMatchObject({ bytes: 7n })
    const before = await partitions('event_batches')
    await expirePartitions(store, 150)
    expect(await partitions('event_batches')).toEqual(before)
    expect(await sql.rows("SELECT 1 FROM pg_class WHERE relname = 'event_batches_husk'")).toEqual(
      [],
    )
  })

  it('that are written while others expire are kept', async () => {
    await batch(1, 50, 1)
    await head(50)
    await expirePartitions(store, 50)
    await batch(51, 60, now)
    expect(await batches()).toMatchObject([{ bytes: 0n }, { bytes: 7n }])
    await expirePartitions(store, 50)
    expect(await batches()).toMatchObject([{ bytes: 0n }, { bytes: 7n }])
  })

  it('wait for a reader that takes long, and hold nobody up for more than a moment', async () => {
    await batch(1, 50, 1)
    await head(50)
    const done = store.snapshot(async (read) => {
      await read(READ_BATCHES, [])
      const begun = systemClock.monotonic()
      await expirePartitions(store, 50)
      expect(systemClock.monotonic() - begun).toBeLessThan(3_000)
      expect(await read(READ_BATCHES, [])).toEqual([{ bytes: 7 }])
    })
    await done
    expect(await batches()).toMatchObject([{ bytes: 7n }])
    await expirePartitions(store, 50)
    expect(await batches()).toMatchObject([{ bytes: 0n }])
  })
})

describe('books from before there were partitions', () => {
  it('become the first partition as they are, and their ids stay known until they are old', async () => {
    await migrate(store, () => now, MIGRATIONS.slice(0, 5))
    await batch(1, 50, 1)
    await head(FIRST_SPAN * 3)
    await sql.rows(`INSERT INTO event_ids VALUES ('a', ${idOf(thisWeek, 1)}, '\\x00', 7)`)
    expect(await migrate(store, () => now, MIGRATIONS.slice(0, 6))).toEqual(['partitions'])
    await keepPartitionsAhead(store, now)
    expect(await batches()).toHaveLength(1)
    await batch(FIRST_SPAN * 3 + 1, FIRST_SPAN * 3 + 9, now)
    await head(FIRST_SPAN * 3 + 9)
    expect(await placeOf(idOf(thisWeek, 1))).toEqual(['event_ids_before'])
    expect(await sql.rows('SELECT log_offset FROM event_ids')).toEqual([{ log_offset: 7n }])
    await expirePartitions(store, FIRST_SPAN * 3 - 1)
    expect(await placeOf(idOf(thisWeek, 1))).toHaveLength(1)
    await expirePartitions(store, FIRST_SPAN * 3)
    expect(await placeOf(idOf(thisWeek, 1))).toEqual([])
  })
})
