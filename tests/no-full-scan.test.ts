import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { migrate, STATEMENTS, type Statement } from '../packages/server/src/store/store.ts'
import { type FreshDatabase, freshPostgres, freshSqlite } from './database.ts'
import { fileOf, openTestStore } from './open-store.ts'
import { plainSql } from './plain-sql.ts'

/** Tables that grow with players and their doings: what reads all of one gets slower every day. */
const GROWING = new Set([
  ...['event_log', 'ledger_entries', 'balances', 'players', 'raw_postbacks', 'refresh_tokens'],
  ...['revoked_sessions', 'idempotency_keys', 'event_batches', 'event_ids'],
  ...['purchase_transactions', 'arrivals', 'refused_events', 'player_event_index'],
  ...['unlogged_numbers', 'login_failures'],
])
/** Tables of a few rows, which may be read as a whole. */
const SMALL = new Set([
  'log_head',
  'player_count',
  'migrations',
  'event_counts',
  'api_keys',
  'schedule_days',
  'imports',
  'nodes',
  // A row for each time that they were restored.
  'books_ids',
])

/** Statements that read whole tables on purpose, and why they may. */
const SCANS: Readonly<Record<string, string>> = Object.fromEntries(
  [
    ...['size', 'accounts', 'links', 'entries-without-event', 'movements-without-entry', 'gaps'],
    ...['head', 'repeated-keys', 'counts'],
  ].map((name) => [
    `audit.${name}`,
    'the audit checks every row, on a snapshot and on demand only',
  ]),
)

const SERVER = join(import.meta.dirname, '../packages/server/src')
const WITHOUT_STATEMENTS = new Set(['http', 'simulate', 'cli', 'store', 'platform'])

/** Statements register themselves when the front door of their folder is loaded. */
async function loadStatements(): Promise<Statement[]> {
  for (const entry of readdirSync(SERVER, { withFileTypes: true })) {
    if (!entry.isDirectory() || WITHOUT_STATEMENTS.has(entry.name)) continue
    await import(join(SERVER, entry.name, `${entry.name}.ts`))
  }
  return [...STATEMENTS.values()]
}

type PlanType = 'hashjoin' | 'mergejoin' | 'sort'
type Planner = {
  /**
   * Which tables are read as a whole, and whether rows are sorted.
   * `without` is what PostgreSQL shall do only if there is no other way; SQLite has no choice.
   */
  explain(
    sql: string,
    without?: readonly PlanType[],
  ): Promise<{ readonly scans: string[]; readonly sorts: boolean }>
  close(): Promise<void>
}

/** The offsets that are not indexed by player yet: 1,023 at the most, so they may be sorted. */
const NEWEST_OF_LOG = 'SEARCH event_log USING INTEGER PRIMARY KEY (rowid>?)'

async function sqlitePlanner(): Promise<Planner> {
  const fresh = await freshSqlite()
  await migrated(fresh)
  const db = new DatabaseSync(fileOf(fresh.url))
  return {
    async explain(sql) {
      const plan = db.prepare(`EXPLAIN QUERY PLAN ${sql.replace(/\$(\d+)/g, '?$1')}`).all()
      const steps = plan.map((row) => ({ parent: row['parent'], detail: String(row['detail']) }))
      const scans = steps.flatMap(({ detail }) => {
        const name = /^SCAN (\S+)/.exec(detail)?.[1]
        // A list that the statement was given is no table.
        return name === undefined || /^(CONSTANT|\(subquery|json_each)/.test(name) ? [] : [name]
      })
      // The rows of a view come from its own steps, which are looked at as all others.
      const views = steps.flatMap(({ detail }) => /^CO-ROUTINE (\S+)/.exec(detail)?.[1] ?? [])
      const sorts = steps.some(
        ({ parent, detail }) =>
          /TEMP B-TREE FOR .*ORDER BY/.test(detail) &&
          !steps.some((step) => step.parent === parent && step.detail === NEWEST_OF_LOG),
      )
      return { scans: scans.filter((name) => !views.includes(name)), sorts }
    },
    async close() {
      db.close()
      await fresh.drop()
    },
  }
}

type PlanNode = Readonly<Record<string, unknown>> & { readonly Plans?: readonly PlanNode[] }

/** An index is read as a whole too where nothing bounds it; the end of it under a LIMIT is not the whole. */
function isWhole(node: PlanNode): boolean {
  const type = String(node['Node Type'])
  if (type === 'Seq Scan') return true
  const isBounded = node['Index Cond'] || (node['under'] === 'Limit' && !node['Filter'])
  return /^Index/.test(type) && !isBounded
}

async function postgresPlanner(): Promise<Planner> {
  const fresh = await freshPostgres()
  await migrated(fresh)
  const client = new pg.Client({ connectionString: fresh.url })
  await client.connect()
  await fill(client)
  const empty = await emptyPartitions(client)
  return {
    async explain(sql, without = []) {
      for (const type of without) await client.query(`SET enable_${type} = off`)
      const answer = await client.query(`EXPLAIN (GENERIC_PLAN, FORMAT JSON) ${sql}`)
      await client.query('RESET ALL')
      const nodes = flatten(answer.rows[0]['QUERY PLAN'][0].Plan)
      return {
        scans: nodes
          .filter(isWhole)
          .map((node) => String(node['Relation Name']))
          .filter((name) => !empty.has(name) && name !== 'pg_inherits'),
        sorts: nodes.some((node) => /Sort/.test(String(node['Node Type']))),
      }
    },
    async close() {
      await client.end()
      await fresh.drop()
    },
  }
}

const flatten = (node: PlanNode): PlanNode[] => [
  node,
  ...(node.Plans ?? []).flatMap((each) => flatten({ ...each, under: node['Node Type'] })),
]

async function migrated({ url }: FreshDatabase): Promise<void> {
  const store = openTestStore(url)
  await migrate(store, () => 0)
  await store.close()
}

/** From the week to come to the oldest that had a partition when the database was made. */
const WEEKS_BACK = [-1, 0, 1, 2, 3, 4, 5]

/** Partitions that were made ahead: being empty, they are read as a whole at no cost. */
async function emptyPartitions(client: pg.Client): Promise<ReadonlySet<string>> {
  const answer = await client.query<{ name: string }>('SELECT name FROM log_partitions')
  const empty = new Set<string>()
  for (const { name } of answer.rows) {
    if ((await client.query(`SELECT 1 FROM ${name} LIMIT 1`)).rowCount === 0) empty.add(name)
  }
  return empty
}

/** So many rows that PostgreSQL, which counts pages, finds a scan dearer than an index. */
const ROWS = 20_000
async function fill(client: pg.Client): Promise<void> {
  const n = `FROM generate_series(1, ${ROWS}) n`
  const padding = "repeat('x', 100)"
  for (const sql of [
    `INSERT INTO players (player_id, username, username_folded, created_at) SELECT 'p' || n, 'n' || n, 'n' || n, n ${n}`,
    `INSERT INTO balances SELECT 'p' || n, 'coins', n, 1, 0, 0 ${n}`,
    `INSERT INTO event_log (log_offset, app, event_type, player_id, occurred_at, received_at, payload, key_scope, fingerprint)
      SELECT n, 'default', CASE WHEN n % 2 = 0 THEN 'earn' ELSE 'x' || n % 50 END, 'p' || n % 500, n, n, ${padding}, 'k' || n, 'f' ${n}`,
    `INSERT INTO ledger_entries SELECT n, 'p' || n % 500, 'coins', 'earn', 1, 1, 1, ${padding}, 'a', n, 'k' || n, 'f' ${n}`,
    `INSERT INTO event_batches SELECT n * 50, n * 50 - 49, n, repeat('x', 500)::bytea ${n}`,
    // Ids of version 7 fill weeks, those before and those to come; others have no week.
    ...[...WEEKS_BACK, -4_000, 2_000].map(
      (weeks) =>
        `INSERT INTO event_ids SELECT 'default', decode(lpad(to_hex((extract(epoch FROM now()) * 1000)::bigint
          - ${weeks}::bigint * 604800000), 12, '0') || '7' || substr(md5('' || n), 1, 19), 'hex'), '12345678', n ${n}`,
    ),
    `INSERT INTO event_ids SELECT 'default', overlay(decode(md5('' || n), 'hex') placing '\\x40' from 7), '12345678', n ${n}`,
    `INSERT INTO event_ids_before SELECT 'default', decode(md5('' || n), 'hex'), '12345678', n ${n}`,
    `INSERT INTO login_failures SELECT ('f' || n)::bytea, 1, n, n ${n}`,
    `INSERT INTO purchase_transactions SELECT 'default', 'store', 't' || n, 'p' || n % 500, 1, 'USD', n ${n}`,
    `INSERT INTO arrivals SELECT 'default', n, 1, 1, 1, 1 ${n}`,
    `INSERT INTO refused_events (app, reason, raw, source, received_at, status) SELECT 'default', 'schema', ${padding}::bytea, 'http', n, 'open' ${n}`,
    `INSERT INTO unlogged_numbers SELECT n, 'default', 'd' || n % 500, n, '', '' ${n}`,
    `INSERT INTO raw_postbacks SELECT n, 'af', ${padding}, NULL, n % 2, n, ('k' || n)::bytea, NULL ${n}`,
    `INSERT INTO refresh_tokens SELECT ('t' || n)::bytea, 's' || n, 'p' || n, n, NULL ${n}`,
    `INSERT INTO revoked_sessions SELECT 's' || n, n, n ${n}`,
    `INSERT INTO idempotency_keys SELECT 'k' || n, 'f', 409, ${padding}, n ${n}`,
    'ANALYZE',
  ]) {
    await client.query(sql)
  }
}

const PLANNERS = [
  { name: 'sqlite', open: sqlitePlanner },
  { name: 'postgres', open: postgresPlanner },
] as const

const statements = (await loadStatements()).map((statement) => ({ ...statement }))

it('every folder with statements was loaded', () => {
  const folders = new Set(statements.map(({ name }) => name.split('.')[0]))
  for (const folder of ['accounts', 'attribution', 'audit', 'idempotency', 'ledger', 'log']) {
    expect(folders).toContain(folder)
  }
})

it('every table is known as growing or small', async () => {
  const fresh = await freshSqlite()
  await migrated(fresh)
  const tables = await plainSql(fresh.url, "SELECT name FROM sqlite_schema WHERE type = 'table'")
  const names = tables.map((row) => String(row['name'])).sort()
  expect(names).toEqual([...GROWING, ...SMALL].sort())
  await fresh.drop()
})

describe.each(PLANNERS)('on $name', ({ name: dialect, open }) => {
  let planner: Planner
  beforeAll(async () => {
    planner = await open()
  })
  afterAll(() => planner.close())
  const wholeTables = async (sql: string, without?: readonly PlanType[]): Promise<string[]> =>
    (await planner.explain(sql, without)).scans.filter((name) => !SMALL.has(name))

  describe('a statement that is no part of the audit reads no growing table as a whole', () => {
    const ordinary = statements.filter(({ name }) => !SCANS[name])
    it.each(ordinary)('$name', async (statement) => {
      // A sweep takes so many rows at once that PostgreSQL may join these small tables as a whole.
      const isSweep = statement.name.includes('sweep')
      const without: readonly PlanType[] = isSweep ? ['hashjoin', 'mergejoin'] : []
      expect(await wholeTables(statement[dialect], without)).toEqual([])
    })
  })

  describe('a page of a growing table comes in the order of an index', () => {
    const paged = statements.filter((s) => /ORDER BY[^)]* LIMIT/.test(s.sqlite) && !SCANS[s.name])
    it.each(paged)('$name', async (statement) => {
      expect((await planner.explain(statement[dialect], ['sort'])).sorts).toBe(false)
    })
  })

  it.each(Object.keys(SCANS))('%s still is a scan, or it leaves the list', async (name) => {
    const statement = STATEMENTS.get(name)
    expect(statement && (await wholeTables(statement[dialect]))).not.toEqual([])
  })

  it.each([
    ['event_log', 'SELECT payload FROM event_log WHERE received_at > $1'],
    ['event_log', 'SELECT count(*) FROM event_log'],
    ['event_log', 'SELECT log_offset FROM event_log WHERE event_type = $1'],
    ['ledger_entries', 'SELECT * FROM ledger_entries WHERE player_id = $1'],
    ['ledger_entries', 'SELECT sum(amount) FROM ledger_entries'],
    ['balances', 'SELECT * FROM balances WHERE currency = $1'],
    ['players', 'SELECT * FROM players WHERE lower(username) = $1'],
    ['players', 'UPDATE players SET sessions_since = 0 WHERE created_at < $1'],
    ['raw_postbacks', 'SELECT * FROM raw_postbacks WHERE source = $1'],
    ['refresh_tokens', 'DELETE FROM refresh_tokens WHERE session_id = $1'],
    ['event_log', "SELECT 1 FROM event_log WHERE payload = '' ORDER BY log_offset LIMIT 1"],
  ])('a scan of %s is found: %s', async (table, sql) => {
    expect(GROWING).toContain(table)
    expect(await wholeTables(sql)).toEqual([table])
  })

  it('a page that must be sorted is found', async () => {
    const sql = 'SELECT * FROM event_log WHERE player_id = $1 ORDER BY received_at LIMIT 10'
    expect((await planner.explain(sql, ['sort'])).sorts).toBe(true)
  })
})
