import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { DATABASES, FreshDatabase } from '../../../../tests/database.ts'
import { openTestStore } from '../../../../tests/open-store.ts'
import { appendOne, COUNTER, countOne } from '../../../../tests/other-process.ts'
import { plainSql } from '../../../../tests/plain-sql.ts'
import { batched, insertStatement, migrate, type Store, shared, type Tx } from './store.ts'

const INSERT = insertStatement('unwaited.insert', 'things', { id: 'bigint', words: 'text' })
const ALL = shared('unwaited.all', 'SELECT id, words FROM things ORDER BY id')
const ONE = shared('unwaited.one', 'SELECT words FROM things WHERE id = $1')
const SET_WORDS = batched('unwaited.set-words', {
  sqlite: 'UPDATE things SET words = $2 WHERE id = $1',
  postgres: `UPDATE things t SET words = n.words FROM unnest($1::bigint[], $2::text[]) AS n(id, words)
    WHERE t.id = n.id`,
})
const WORDS_OF = batched('unwaited.words-of', {
  sqlite: 'SELECT words FROM things WHERE id = $1',
  postgres:
    'SELECT words FROM things WHERE id = ANY($1::bigint[]) ORDER BY array_position($1::bigint[], id)',
})
const BROKEN = shared('unwaited.broken', 'SELECT absent FROM nowhere')
const OFFSETS = shared(
  'unwaited.offsets',
  'SELECT log_offset AS "offset" FROM event_log WHERE log_offset > $1 ORDER BY log_offset',
)
const HEAD = shared('unwaited.head', 'SELECT log_offset AS head FROM log_head')

type Thing = { readonly id: number; readonly words: string | null }
const aThing = (id: number) => [id, null] as const

/** What every store promises of what is sent before the answer to what was sent before. */
export function describeUnwaited(database: (typeof DATABASES)[number]): void {
  let fresh: FreshDatabase
  let store: Store
  const things = () => store.read<Thing>(ALL, [])
  const ids = async () => (await things()).map(({ id }) => id)
  const head = async () => (await store.read<{ head: number }>(HEAD, []))[0]?.head
  const insert = (tx: Tx, ...wanted: number[]) => tx.run(INSERT, wanted.map(aThing))

  beforeAll(async () => {
    fresh = await database.fresh()
    store = openTestStore(fresh.url)
    await migrate(store, () => 0)
    await store.script([
      'CREATE TABLE things (id BIGINT PRIMARY KEY, words TEXT)',
      'CREATE TABLE counters (value BIGINT NOT NULL)',
      'INSERT INTO counters VALUES (0)',
    ])
  })
  beforeEach(() =>
    plainSql(
      fresh.url,
      'DELETE FROM things',
      'DELETE FROM event_log',
      'UPDATE counters SET value = 0',
      'UPDATE log_head SET log_offset = 0',
    ),
  )
  afterAll(async () => {
    await store.close()
    await fresh.drop()
  })

  describe('what is written without waiting', () => {
    const write = (tx: Tx, ...wanted: number[]) => tx.write(INSERT, wanted.map(aThing))
    const words = async () => (await things()).map((row) => row.words)

    it('is there for what is read after it, and is committed', async () => {
      const seen = await store.transaction(async (tx) => {
        write(tx, 1, 2)
        tx.write(SET_WORDS, [[1, 'one']])
        write(tx)
        return tx.run<Thing>(ALL, [[]])
      })
      expect(seen.map(({ id }) => id)).toEqual([1, 2])
      expect(await words()).toEqual(['one', null])
    })

    it.each(['the last', 'one before others'])(
      'and fails, as %s, fails the whole',
      async (which) => {
        const failed = store.transaction(async (tx) => {
          tx.write(SET_WORDS, [[1, 'nobody']])
          if (which !== 'the last') await tx.takeOffsets(1)
          write(tx, 1)
          write(tx, 1)
          if (which === 'the last') return
          tx.writeExactly(SET_WORDS, [[9, 'nobody']])
          await tx.run(ALL, [[]]).catch(() => undefined)
        })
        await expect(failed).rejects.toMatchObject({ name: 'StoreFailure', kind: 'bug' })
        await expect(failed).rejects.toThrow(/unique/i)
        expect([await ids(), await head()]).toEqual([[], 0])
        await store.transaction(async (tx) => write(tx, 3))
        expect(await ids()).toEqual([3])
      },
    )

    it('may have to change one row for each tuple', async () => {
      await store.transaction((tx) => insert(tx, 1, 2))
      const set = (...tuples: [number, string][]) =>
        store.transaction(async (tx) => tx.writeExactly(SET_WORDS, tuples))
      await set([1, 'one'], [2, 'two'])
      await set()
      expect(await words()).toEqual(['one', 'two'])
      await expect(set([1, 'three'], [9, 'nine'])).rejects.toThrow('unwaited.set-words changed 1')
      await expect(set([9, 'nine'])).rejects.toThrow('unwaited.set-words changed 0')
      expect(await words()).toEqual(['one', 'two'])
    })

    it('cannot be written after the end', async () => {
      const leaked = await store.transaction(async (tx) => tx)
      expect(() => write(leaked, 1)).toThrow(/is over/)
      expect(() => leaked.writeExactly(SET_WORDS, [])).toThrow(/is over/)
    })
  })

  describe('work that starts at once', () => {
    it('reads what is committed when its turn comes', async () => {
      // SQLite would wait for the other one and let it do nothing meanwhile: both are of one thread.
      const other = database.name === 'sqlite' ? null : openTestStore(fresh.url)
      try {
        const count = (one: Store) => one.transaction((tx) => countOne(tx, 0), 'at-once')
        await Promise.all(
          Array.from({ length: 20 }, (_, i) => count(i % 2 ? store : (other ?? store))),
        )
        expect(await store.read(COUNTER, [])).toEqual([{ value: 20 }])
      } finally {
        await other?.close()
      }
    })

    it('takes offsets that nobody else has', async () => {
      await Promise.all(
        Array.from({ length: 20 }, () =>
          store.transaction((tx) => appendOne(tx, 'event', 0), 'at-once'),
        ),
      )
      const offsets = await store.read<{ offset: number }>(OFFSETS, [0])
      expect(offsets.map(({ offset }) => offset)).toEqual(
        Array.from({ length: 20 }, (_, i) => i + 1),
      )
    })
  })

  it('reads the rows of all tuples, with arrays and without', async () => {
    await store.transaction((tx) =>
      tx.run(INSERT, [
        [1, 'one'],
        [2, 'two'],
      ]),
    )
    const wanted = [{ words: 'two' }, { words: 'one' }]
    expect(await store.readEach(ONE, [[2], [9], [1]])).toEqual(wanted)
    expect(await store.readEach(WORDS_OF, [[2], [9], [1]])).toEqual(wanted)
    expect(await store.readEach(BROKEN, [])).toEqual([])
    await expect(store.readEach(BROKEN, [[]])).rejects.toMatchObject({ kind: 'bug' })
  })
}
