import { afterEach, beforeEach, expect, it } from 'vitest'
import type { DATABASES, FreshDatabase } from '../../../../tests/database.ts'
import { openTestStore } from '../../../../tests/open-store.ts'
import { inOtherProcess } from '../../../../tests/other-process.ts'
import { plainSql } from '../../../../tests/plain-sql.ts'
import { MIGRATIONS, migrate, SCHEMA_VERSION, SchemaError, type Store } from './store.ts'

const AT = 1_772_366_400_000

/** What `migrate` promises, whichever database it changes. */
export function describeMigrations(database: (typeof DATABASES)[number]): void {
  let fresh: FreshDatabase
  let store: Store
  const stores: Store[] = []
  const open = (): Store => {
    const opened = openTestStore(fresh.url)
    stores.push(opened)
    return opened
  }
  const applied = () => plainSql(fresh.url, 'SELECT number, applied_at FROM migrations')
  const ALL = Array.from({ length: SCHEMA_VERSION }, (_, i) => ({
    number: BigInt(i + 1),
    applied_at: BigInt(AT),
  }))

  beforeEach(async () => {
    fresh = await database.fresh()
    store = open()
  })
  afterEach(async () => {
    await Promise.all(stores.splice(0).map((opened) => opened.close()))
    await fresh.drop()
  })

  it('run once: the second time there is nothing to do', async () => {
    expect(await migrate(store, () => AT)).toEqual(MIGRATIONS.map(({ name }) => name))
    expect(await migrate(store, () => AT + 1)).toEqual([])
    expect(await applied()).toEqual(ALL)
  })

  it('may be started by several processes at once', async () => {
    const others = await Promise.all(
      [1, 2].map(() => inOtherProcess(fresh.url, { kind: 'migrate' })),
    )
    await Promise.all([...others.map((other) => other.done()), migrate(store, () => AT)])
    expect(await applied()).toHaveLength(SCHEMA_VERSION)
    expect(await migrate(store, () => AT)).toEqual([])
  })

  it('leave nothing when they end at any statement, and the next start goes on from there', async () => {
    const newestTable = [
      ...['log_head', 'event_batches', 'player_events', 'unlogged_numbers', 'nodes'],
      ...['known_event_ids', 'books_ids'],
    ]
    for (let number = 1; number <= SCHEMA_VERSION; number += 1) {
      for (let kept = 0; ; kept += 1) {
        const ending = endingIn(store, number, kept)
        const outcome = await migrate(ending.store, () => AT).catch(() => 'ended')
        if (!ending.ended()) break
        expect(outcome).toBe('ended')
        expect(await applied()).toEqual(ALL.slice(0, number - 1))
        const table = newestTable[number - 1] ?? 'no table'
        await expect(plainSql(fresh.url, `SELECT * FROM ${table}`)).rejects.toThrow(table)
        expect(kept).toBeLessThan(200)
      }
    }
    expect(await applied()).toEqual(ALL)
  })

  it('refuse a database that a newer version wrote, and change nothing', async () => {
    await migrate(store, () => AT)
    await plainSql(fresh.url, `INSERT INTO migrations VALUES (${SCHEMA_VERSION + 1}, 'future', 0)`)
    await expect(migrate(store, () => AT)).rejects.toThrow(SchemaError)
    await expect(migrate(store, () => AT)).rejects.toThrow(/start a newer version/)
  })

  it('let an older version start where the newer one only added', async () => {
    await migrate(store, () => AT)
    const older = MIGRATIONS.slice(0, -2)
    expect(await migrate(store, () => AT, older)).toEqual([])
    await plainSql(fresh.url, `UPDATE migrations SET name = 'cut' WHERE number = ${SCHEMA_VERSION}`)
    await expect(migrate(store, () => AT, older)).rejects.toThrow(SchemaError)
  })

  it('do not take a failure of their own for another process', async () => {
    const twice = ['INSERT INTO t VALUES (1)', 'INSERT INTO t VALUES (1)']
    const script: Store['script'] = (statements) =>
      store.script(
        statements.length === 1
          ? statements
          : [...statements, 'CREATE TABLE t (id BIGINT PRIMARY KEY)', ...twice],
      )
    const failing: Store = { ...store, script }
    await expect(migrate(failing, () => AT)).rejects.toMatchObject({ kind: 'bug' })
    expect(await applied()).toEqual([])
  })

  it('make ledger entries that the database itself keeps as they are', async () => {
    await migrate(store, () => AT)
    await plainSql(
      fresh.url,
      `INSERT INTO ledger_entries (player_id, entry_id, currency, kind, amount, balance_after, version, actor, created_at)
      VALUES ('alice', 1, 'coins', 'earn', 5, 5, 1, 'a', 0)`,
    )
    const refused = /never changed and never removed/
    await expect(plainSql(fresh.url, 'UPDATE ledger_entries SET amount = 6')).rejects.toThrow(
      refused,
    )
    await expect(plainSql(fresh.url, 'DELETE FROM ledger_entries')).rejects.toThrow(refused)
  })

  it('make balances that the database itself holds between 0 and 2^53 − 1', async () => {
    await migrate(store, () => AT)
    const opening = (balance: bigint) =>
      plainSql(
        fresh.url,
        `INSERT INTO balances VALUES ('p${balance}', 'coins', ${balance}, 1, 0, 0)`,
      )
    await opening(2n ** 53n - 1n)
    await expect(opening(2n ** 53n)).rejects.toThrow(/check/i)
    await expect(opening(-1n)).rejects.toThrow(/check/i)
  })
}

/** `store`, in which migration `number` fails after `kept` statements as if the process ended there, and no later one begins. */
function endingIn(
  store: Store,
  number: number,
  kept: number,
): { store: Store; ended: () => boolean } {
  let ended = false
  const script: Store['script'] = (statements) => {
    const of = Number(/^INSERT INTO migrations VALUES \((\d+),/.exec(statements[0] ?? '')?.[1])
    if (of > number) return Promise.reject(new Error('its turn is to come'))
    if (of !== number || kept >= statements.length) return store.script(statements)
    ended = true
    return store.script([...statements.slice(0, kept), 'SELECT absent FROM nowhere'])
  }
  return { store: { ...store, script }, ended: () => ended }
}
