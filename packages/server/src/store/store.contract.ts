import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { DATABASES, FreshDatabase } from '../../../../tests/database.ts'
import { openTestStore } from '../../../../tests/open-store.ts'
import { appendOne, COUNTER, countOne, inOtherProcess } from '../../../../tests/other-process.ts'
import { plainSql } from '../../../../tests/plain-sql.ts'
import {
  batched,
  insertStatement,
  migrate,
  type Store,
  StoreFailure,
  shared,
  type Tx,
} from './store.ts'

const BLOB = { sqlite: 'BLOB', postgres: 'BYTEA' } as const
const THINGS = { id: 'bigint', words: 'text', bytes: 'bytea', amount: 'bigint' } as const
const INSERT = insertStatement('contract.insert', 'things', THINGS)
const INSERT_ONE = shared(
  'contract.insert-one',
  'INSERT INTO things (id, words, bytes, amount) VALUES ($1, $2, $3, $4)',
)
const INSERT_RETURNING = insertStatement('contract.returning', 'things', THINGS, 'RETURNING id')
const ALL = shared('contract.all', 'SELECT id, words, bytes, amount FROM things ORDER BY id')
const ONE = shared('contract.one', 'SELECT words FROM things WHERE id = $1')
const WORDS_OF = batched('contract.words-of', {
  sqlite: 'SELECT words FROM things WHERE id = $1',
  postgres:
    'SELECT words FROM things WHERE id = ANY($1::bigint[]) ORDER BY array_position($1::bigint[], id)',
})
const SET_WORDS = batched('contract.set-words', {
  sqlite: 'UPDATE things SET words = $2 WHERE id = $1',
  postgres: `UPDATE things t SET words = n.words FROM unnest($1::bigint[], $2::text[]) AS n(id, words)
    WHERE t.id = n.id`,
})
const BROKEN = shared('contract.broken', 'SELECT absent FROM nowhere')
const OFFSETS = shared(
  'contract.offsets',
  'SELECT log_offset AS "offset" FROM event_log WHERE log_offset > $1 ORDER BY log_offset',
)
const HEAD = shared('contract.head', 'SELECT log_offset AS head FROM log_head')

type Thing = { id: number; words: string | null; bytes: Uint8Array | null; amount: number | null }
const aThing = (id: number) => [id, null, null, null] as const

/** What every store promises, whichever database is behind it. */
export function describeStore(database: (typeof DATABASES)[number]): void {
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
      `CREATE TABLE things (id BIGINT PRIMARY KEY, words TEXT, bytes ${BLOB[database.name]}, amount BIGINT CHECK (amount <> 13))`,
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

  describe('a transaction', () => {
    it('commits everything and returns what the work returned', async () => {
      const result = await store.transaction(async (tx) => {
        await insert(tx, 1)
        await insert(tx, 2, 3)
        return 'done'
      })
      expect(result).toBe('done')
      expect(await ids()).toEqual([1, 2, 3])
    })

    it('leaves nothing when the work throws, and passes on the very error', async () => {
      // The message alone must not make it a failure of the connection.
      const mine = new Error('timeout: the connection was terminated and is closed')
      const failed = store.transaction(async (tx) => {
        await insert(tx, 1)
        throw mine
      })
      await expect(failed).rejects.toBe(mine)
      expect(await ids()).toEqual([])
      await store.transaction((tx) => insert(tx, 2))
      expect(await ids()).toEqual([2])
    })

    it('leaves nothing when a statement failed, even if the work carries on', async () => {
      const failed = store.transaction(async (tx) => {
        await insert(tx, 1)
        await tx.run(BROKEN, [[]]).catch(() => undefined)
        return 'all is well'
      })
      await expect(failed).rejects.toMatchObject({ name: 'StoreFailure', kind: 'bug' })
      const failedChange = store.transaction(async (tx) => {
        await insert(tx, 1)
        await tx.change(BROKEN, [[]]).catch(() => undefined)
      })
      await expect(failedChange).rejects.toMatchObject({ name: 'StoreFailure', kind: 'bug' })
      expect(await ids()).toEqual([])
    })

    it('sees its own writes, and nobody else does before it commits', async () => {
      await store.transaction(async (tx) => {
        await insert(tx, 1)
        expect(await tx.run(ALL, [[]])).toHaveLength(1)
        expect(await ids()).toEqual([])
      })
      expect(await ids()).toEqual([1])
    })

    it('cannot be used after its end', async () => {
      const leaked = await store.transaction(async (tx) => tx)
      await expect(insert(leaked, 1)).rejects.toThrow(/is over/)
      expect(() => leaked.takeOffsets(1)).toThrow(/is over/)
      expect(await ids()).toEqual([])
    })
  })

  describe('run', () => {
    const bytes = (...values: number[]) => Uint8Array.from(values)
    const nasty = `it's "quoted", {braced}, NULL \\ back\tslash\n日本 👾 é`
    const rows = [
      [1, nasty, bytes(0, 1, 255), Number.MAX_SAFE_INTEGER],
      [2, '', bytes(), -Number.MAX_SAFE_INTEGER],
      [3, 'NULL', null, 0],
      [4, null, Buffer.from('{"a"}'), null],
      [5, 'null', bytes(92, 120, 48), -1],
    ] as const
    const expected = rows.map(([id, words, blob, amount]) => ({ id, words, bytes: blob, amount }))
    const read = async () =>
      (await things()).map((row) => ({ ...row, bytes: row.bytes && [...row.bytes] }))
    const wanted = expected.map((row) => ({ ...row, bytes: row.bytes && [...row.bytes] }))

    it('keeps text, bytes, nulls and integers up to 2^53 − 1 in a batched statement', async () => {
      await store.transaction((tx) => tx.run(INSERT, rows))
      expect(await read()).toEqual(wanted)
    })

    it('keeps them in a shared statement, once per tuple', async () => {
      await store.transaction((tx) => tx.run(INSERT_ONE, rows))
      expect(await read()).toEqual(wanted)
    })

    it('returns the rows of all tuples', async () => {
      const found = await store.transaction(async (tx) => {
        const inserted = await tx.run<{ id: number }>(INSERT_RETURNING, [
          aThing(1),
          aThing(2),
          aThing(3),
        ])
        expect(inserted.map(({ id }) => id).sort()).toEqual([1, 2, 3])
        return tx.run<{ words: null }>(ONE, [[1], [2], [99], [3]])
      })
      expect(found).toHaveLength(3)
    })

    it('does nothing for no tuples', async () => {
      const nothing = await store.transaction(async (tx) => [
        ...(await tx.run(INSERT, [])),
        ...(await tx.run(BROKEN, [])),
      ])
      expect(nothing).toEqual([])
      expect(await ids()).toEqual([])
    })

    it('of a change says how many rows it changed', async () => {
      const changed = await store.transaction(async (tx) => {
        await insert(tx, 1, 2, 3)
        return [
          await tx.change(SET_WORDS, [
            [1, 'one'],
            [9, 'nine'],
            [3, 'three'],
          ]),
          await tx.change(SET_WORDS, [[9, 'nine']]),
          await tx.change(SET_WORDS, []),
          await tx.change(INSERT, [aThing(4), aThing(5)]),
        ]
      })
      expect(changed).toEqual([2, 0, 0, 2])
      const words = (await things()).map((row) => row.words)
      expect(words).toEqual(['one', null, 'three', null, null])
    })

    it('takes a thousand rows at once', async () => {
      const many = Array.from({ length: 1_000 }, (_, i) => aThing(i))
      await store.transaction((tx) => tx.run(INSERT, many))
      expect(await ids()).toHaveLength(1_000)
    })
  })

  describe('a failure', () => {
    const kindOf = (work: (tx: Tx) => Promise<unknown>): Promise<string> =>
      store.transaction(work).then(
        () => 'none',
        (error: unknown) => (error instanceof StoreFailure ? error.kind : String(error)),
      )

    it('is a bug when the statement does not fit the data', async () => {
      expect(await kindOf((tx) => insert(tx, 1, 1))).toBe('bug')
      expect(await kindOf((tx) => tx.run(INSERT, [[1, null, null, 13]]))).toBe('bug')
      expect(await kindOf((tx) => tx.run(BROKEN, [[]]))).toBe('bug')
      await expect(store.read(BROKEN, [])).rejects.toMatchObject({ kind: 'bug' })
      await expect(store.script(['SELECT 1', 'nonsense'])).rejects.toMatchObject({ kind: 'bug' })
    })

    it('leaves the store as good as new', async () => {
      await kindOf((tx) => insert(tx, 1, 1))
      await store.transaction((tx) => insert(tx, 1))
      expect(await ids()).toEqual([1])
      expect(store.pool().inUse).toBe(0)
    })

    it('is unavailable once the store is closed', async () => {
      const closed = openTestStore(fresh.url)
      await closed.read(ALL, [])
      await closed.close()
      const unavailable = { name: 'StoreFailure', kind: 'unavailable' }
      await expect(closed.transaction(async () => 1)).rejects.toMatchObject(unavailable)
      await expect(closed.read(ALL, [])).rejects.toMatchObject(unavailable)
      await expect(closed.script(['SELECT 1'])).rejects.toMatchObject(unavailable)
    })
  })

  describe('one writer at a time', () => {
    it('holds within a store: transactions run one after the other, in the order asked', async () => {
      const steps: string[] = []
      const step = (name: string) =>
        store.transaction(async (tx) => {
          steps.push(`${name} begins`)
          await insert(tx, steps.length)
          await sleep(5)
          steps.push(`${name} ends`)
        })
      await Promise.all([step('a'), step('b'), step('c')])
      const names = steps.map((text) => text[0])
      expect(names.filter((_, i) => i % 2 === 0)).toEqual(names.filter((_, i) => i % 2 === 1))
      expect(new Set(names).size).toBe(3)
    })

    it('holds between processes: what a transaction reads stays true until it commits', async () => {
      const others = await Promise.all(
        [1, 2].map(() => inOtherProcess(fresh.url, { kind: 'count', times: 20, holdMs: 2 })),
      )
      for (let i = 0; i < 20; i += 1) await store.transaction((tx) => countOne(tx, 0))
      await Promise.all(others.map((other) => other.done()))
      expect(await store.read(COUNTER, [])).toEqual([{ value: 60 }])
    })

    it('lets others read meanwhile', async () => {
      const other = await inOtherProcess(fresh.url, { kind: 'hold', ms: 1_000 })
      expect(await other.message()).toBe('holding')
      expect(await ids()).toEqual([])
      expect(other.child.exitCode).toBe(null)
      await other.done()
    })

    it('lets read at once, on SQLite, what is committed and no more', async () => {
      expect(store.readNow === null).toBe(database.name === 'postgres')
      if (store.readNow === null) return
      const { readNow } = store
      await store.transaction((tx) => insert(tx, 1))
      const meanwhile = await store.transaction(async (tx) => {
        await insert(tx, 2)
        return readNow<Thing>(ALL, [])
      })
      expect(meanwhile).toEqual([{ id: 1, words: null, bytes: null, amount: null }])
      expect(readNow(ALL, [])).toEqual(await things())
      expect(() => readNow(BROKEN, [])).toThrow(StoreFailure)
    })

    it('reads the rows of all tuples, with arrays and without', async () => {
      await store.transaction((tx) =>
        tx.run(INSERT, [
          [1, 'one', null, 1],
          [2, 'two', null, 2],
        ]),
      )
      const wanted = [{ words: 'two' }, { words: 'one' }]
      expect(await store.readEach(ONE, [[2], [9], [1]])).toEqual(wanted)
      expect(await store.readEach(WORDS_OF, [[2], [9], [1]])).toEqual(wanted)
      expect(await store.readEach(BROKEN, [])).toEqual([])
      await expect(store.readEach(BROKEN, [[]])).rejects.toMatchObject({ kind: 'bug' })
    })

    it('makes a writer wait for another process, not fail', async () => {
      const other = await inOtherProcess(fresh.url, { kind: 'hold', ms: 300 })
      expect(await other.message()).toBe('holding')
      await store.transaction((tx) => insert(tx, 1))
      expect(await ids()).toEqual([1])
      await other.done()
    })

    it('frees the way when the other process is killed, and nothing of its write is left', async () => {
      const other = await inOtherProcess(fresh.url, { kind: 'append', times: 1, holdMs: 60_000 })
      await sleep(100)
      other.child.kill('SIGKILL')
      await expect(other.done()).rejects.toThrow(/SIGKILL/)
      await store.transaction((tx) => appendOne(tx, 'mine', 0))
      expect(await store.read(OFFSETS, [0])).toEqual([{ offset: 1 }])
    })
  })

  describe('offsets', () => {
    it('are consecutive within a transaction and across them', async () => {
      const taken: number[] = []
      for (const count of [1, 3, 2]) {
        await store.transaction(async (tx) => {
          taken.push(tx.takeOffsets(count), tx.takeOffsets(1))
        })
      }
      expect(taken).toEqual([1, 2, 3, 6, 7, 9])
      expect(await head()).toBe(9)
    })

    it('of a transaction that fails are given back', async () => {
      await store.transaction((tx) => appendOne(tx, 'first', 0))
      const failed = store.transaction(async (tx) => {
        await appendOne(tx, 'never', 0)
        throw new Error('no')
      })
      await expect(failed).rejects.toThrow('no')
      await store.transaction((tx) => appendOne(tx, 'second', 0))
      expect(await store.read(OFFSETS, [0])).toEqual([{ offset: 1 }, { offset: 2 }])
    })

    it('become visible in order: a reader of "offset > last" misses none', async () => {
      const other = await inOtherProcess(fresh.url, { kind: 'append', times: 5, holdMs: 50 })
      const seen: number[] = []
      const follow = async () => {
        for (const row of await store.read<{ offset: number }>(OFFSETS, [seen.at(-1) ?? 0])) {
          seen.push(row.offset)
        }
      }
      let finished = false
      const done = other.done().finally(() => {
        finished = true
      })
      let mine = 0
      while (!finished) {
        await follow()
        await store.transaction((tx) => appendOne(tx, 'mine', 0))
        mine += 1
        await follow()
        await sleep(3)
      }
      await done
      await follow()
      expect(seen).toEqual(Array.from({ length: mine + 5 }, (_, i) => i + 1))
    })
  })

  describe('a snapshot', () => {
    it('reads as of one moment, whatever is committed meanwhile', async () => {
      await store.transaction((tx) => insert(tx, 1))
      const counts = await store.snapshot(async (read) => {
        const before = (await read(ALL, [])).length
        await store.transaction((tx) => insert(tx, 2))
        return [before, (await read(ALL, [])).length, (await ids()).length]
      })
      expect(counts).toEqual([1, 1, 2])
    })

    it('fixes its moment before the first page is read', async () => {
      const first = await store.snapshot(async (read) => {
        await store.transaction((tx) => insert(tx, 1))
        return read(ALL, [])
      })
      expect(first).toEqual([])
    })

    it('writes nothing, and a failure in it leaves the store as good as new', async () => {
      await expect(store.snapshot((read) => read(INSERT_ONE, aThing(1)))).rejects.toBeInstanceOf(
        StoreFailure,
      )
      expect(await ids()).toEqual([])
      expect(store.pool().inUse).toBe(0)
    })
  })

  describe('script', () => {
    it('runs all statements or none', async () => {
      const failing = store.script([
        'CREATE TABLE half (id BIGINT)',
        'INSERT INTO things (id) VALUES (1)',
        'INSERT INTO nowhere VALUES (1)',
      ])
      await expect(failing).rejects.toBeInstanceOf(StoreFailure)
      expect(await ids()).toEqual([])
      await store.script(['CREATE TABLE half (id BIGINT)', 'DROP TABLE half'])
    })
  })

  it('says how many connections it uses', async () => {
    await store.transaction(async (tx) => {
      await insert(tx, 1)
      expect(store.pool()).toMatchObject({ inUse: 1 })
    })
    const { inUse, open, max } = store.pool()
    expect(inUse).toBe(0)
    expect(open).toBeGreaterThan(0)
    expect(open).toBeLessThanOrEqual(max)
  })

  it('copies the books into a file, or says what does', async () => {
    await store.transaction((tx) => insert(tx, 1, 2))
    const folder = await mkdtemp(join(tmpdir(), 'questline-backup-'))
    const file = join(folder, 'copy.db')
    const copied = await store.backup(file).then(
      () => true,
      (error: Error) => error.message.includes('pg_dump'),
    )
    expect(copied).toBe(true)
    const copies = existsSync(file)
      ? await plainSql(`sqlite:///${file}`, 'SELECT id FROM things')
      : []
    expect({ copies: copies.length }).toEqual({ copies: { sqlite: 2, postgres: 0 }[store.dialect] })
    await rm(folder, { recursive: true })
  })
}
