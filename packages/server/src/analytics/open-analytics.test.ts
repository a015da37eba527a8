import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type FreshDatabase, freshPostgres } from '../../../../tests/database.ts'
import { openTestStore } from '../../../../tests/open-store.ts'
import { openTestAnalytics } from '../../../../tests/pipeline/consumers.ts'
import { plainSql } from '../../../../tests/plain-sql.ts'
import { migrate, type Store } from '../store/store.ts'
import { CheckpointMoved, moveCheckpoint, register } from './checkpoints.ts'
import { onAnalytics } from './statement.ts'

describe('analytics in PostgreSQL', () => {
  let database: FreshDatabase
  let store: Store
  beforeAll(async () => {
    database = await freshPostgres()
    store = await openTestAnalytics(database.url)
    for (const name of ['one', 'other']) {
      await store.transaction((tx) => register(tx, { name, source: 'log' }))
    }
  })
  afterAll(async () => {
    await store.close()
    await database.drop()
  })
  const at = (offset: number) => ({ offset, generation: 0 })

  it('lie in a schema of their own, beside the books', async () => {
    const books = openTestStore(database.url)
    await migrate(books, () => 0)
    await books.close()
    const rows = await plainSql(
      database.url,
      "SELECT DISTINCT table_schema AS schema FROM information_schema.tables WHERE table_name IN ('migrations', 'window_facts', 'ledger_entries') ORDER BY 1",
    )
    expect(rows.map((row) => row['schema'])).toEqual(['analytics', 'public'])
  })

  it('are opened by several processes at once', async () => {
    const fresh = await freshPostgres()
    const opened = await Promise.all([1, 2, 3].map(() => openTestAnalytics(fresh.url)))
    for (const each of opened) await each.close()
    await fresh.drop()
  })

  it('consumers of different names write at the same time', async () => {
    await store.transaction(async (tx) => {
      await moveCheckpoint(tx, 'one', at(0), 10)
      // Would wait for ever, were there a lock that every writer takes.
      await store.transaction((inner) => moveCheckpoint(inner, 'other', at(0), 5))
    })
    expect(
      await store.transaction((tx) =>
        tx.change(PROBE, [
          ['one', 10],
          ['other', 5],
        ]),
      ),
    ).toBe(2)
  })

  it('of two processes that move one checkpoint, the second waits, and leaves nothing', async () => {
    const held = Promise.withResolvers<void>()
    const moved = Promise.withResolvers<void>()
    const first = store.transaction(async (tx) => {
      await moveCheckpoint(tx, 'one', at(10), 20)
      moved.resolve()
      await held.promise
    })
    await moved.promise
    const told: string[] = []
    const second = store
      .transaction(async (tx) => {
        await moveCheckpoint(tx, 'one', at(10), 30)
      })
      .catch((error: unknown) => told.push(error instanceof CheckpointMoved ? 'moved' : 'else'))
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(told).toEqual([])
    held.resolve()
    await first
    await second
    expect(told).toEqual(['moved'])
    expect(await store.transaction((tx) => tx.change(PROBE, [['one', 20]]))).toBe(1)
  })

  it('have no log to take offsets from', async () => {
    const taking = store.transaction(async (tx) => tx.takeOffsets(1))
    await expect(taking).rejects.toThrow('no log')
  })
})

const PROBE = onAnalytics(
  'test.probe-checkpoint',
  'UPDATE analytics.checkpoints SET source = source WHERE consumer = $1 AND log_offset = $2',
)
