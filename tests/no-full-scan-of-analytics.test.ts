import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ANALYTICS_STATEMENTS } from '../packages/server/src/analytics/analytics.ts'
import '../packages/server/src/consumers.ts'
import { freshSqlite } from './database.ts'
import { fileOf } from './open-store.ts'
import { openTestAnalytics } from './pipeline/consumers.ts'

/** A row for each consumer, or each version of a game: read as a whole. */
const SMALL = new Set(['checkpoints', 'loss_versions', 'log_head', 'migrations'])

/** Statements that read whole tables on purpose, and why they may. */
const SCANS = (name: string): boolean =>
  // A rebuild compares every row, page by page in the order of the key.
  /^windows\.(next-)?rows-of-/.test(name)

describe('a statement on the analytics file reads no growing table as a whole', () => {
  let db: DatabaseSync
  let drop: () => Promise<void>
  beforeAll(async () => {
    const fresh = await freshSqlite()
    const file = fileOf(fresh.url)
    await (await openTestAnalytics(file)).close()
    db = new DatabaseSync(file)
    drop = fresh.drop
  })
  afterAll(async () => {
    db.close()
    await drop()
  })

  /** A scan that ends at once, of the last rows of a key, is none. */
  const scansOf = (sql: string): string[] =>
    db
      .prepare(`EXPLAIN QUERY PLAN ${sql.replace(/\$(\d+)/g, '?$1')}`)
      .all()
      .flatMap((row) => /^SCAN (\w+)/.exec(String(row['detail']))?.[1] ?? [])
      .filter((table) => !SMALL.has(table) && !/ORDER BY[^)]* LIMIT/.test(sql))

  const all = [...ANALYTICS_STATEMENTS.values()].map(({ name, sqlite }) => ({ name, sqlite }))
  it.each(all.filter(({ name }) => !SCANS(name)))('$name', ({ sqlite }) => {
    expect(scansOf(sqlite)).toEqual([])
  })

  it.each([
    ['window_facts', 'SELECT sum(value) FROM window_facts WHERE app = $1'],
    ['window_users', 'SELECT user_id FROM window_users WHERE user_id = $1'],
    ['rejected_events', 'SELECT raw FROM rejected_events WHERE app = $1'],
  ])('a scan of %s is found', (table, sql) => {
    expect(scansOf(sql)).toEqual([table])
  })
})
