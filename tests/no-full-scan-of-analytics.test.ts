import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ANALYTICS_STATEMENTS } from '../packages/server/src/analytics/analytics.ts'
import '../packages/server/src/pipeline/consumers.ts'
import '../packages/server/src/quality-kafka/quality-kafka.ts'
import { ANALYTICS, openTestAnalytics } from './pipeline/consumers.ts'

/** A row for each consumer, or each version of a game: read as a whole. */
const SMALL = new Set([
  'checkpoints',
  'window_clock',
  'loss_versions',
  'log_head',
  'migrations',
  'leases',
  'requests',
  // One for each partition.
  'stream_checkpoints',
])

/** Statements that read whole tables on purpose, and why they may. */
const SCANS = (name: string): boolean =>
  // A rebuild compares every row, page by page in the order of the key.
  /^windows\.(next-)?rows-of-/.test(name) ||
  // Apps are few, and are asked for by a person.
  name === 'quality.apps'

type Planner = {
  /** The tables of which a statement reads every row. */
  scansOf(statement: { readonly sqlite: string; readonly postgres: string }): Promise<string[]>
  close(): Promise<void>
}

async function sqlitePlanner(): Promise<Planner> {
  const { at, drop } = await ANALYTICS[0].fresh()
  await (await openTestAnalytics(at)).close()
  const db = new DatabaseSync(at)
  return {
    // A scan that ends at once, of the last rows of a key, is none.
    scansOf: async ({ sqlite: sql }) =>
      db
        .prepare(`EXPLAIN QUERY PLAN ${sql.replace(/\$(\d+)/g, '?$1')}`)
        .all()
        .flatMap((row) => /^SCAN (\w+)/.exec(String(row['detail']))?.[1] ?? [])
        .filter(() => !/ORDER BY[^)]* LIMIT/.test(sql)),
    async close() {
      db.close()
      await drop()
    },
  }
}

type PlanNode = Readonly<Record<string, unknown>> & { readonly Plans?: readonly PlanNode[] }

const flatten = (node: PlanNode): PlanNode[] => [
  node,
  ...(node.Plans ?? []).flatMap((each) => flatten({ ...each, under: node['Node Type'] })),
]

/** An index is read as a whole too where nothing bounds it; the end of it under a LIMIT is not the whole. */
function isWhole(node: PlanNode): boolean {
  const type = String(node['Node Type'])
  if (type === 'Seq Scan') return true
  const isBounded = node['Index Cond'] || (node['under'] === 'Limit' && !node['Filter'])
  return /^Index/.test(type) && !isBounded
}

/** So many rows that PostgreSQL finds reading them all dearer than an index. */
const FILL = [
  ['player_inits', "'game', 'p' || n, n, n, 'PT', 'IOS'"],
  ['window_users', "'day', n % 7, 'game', 'p' || n, '[]'"],
  ['window_user_sets', "'day', n, 'game', n, 0, n % 50 / 49"],
  ['window_facts', "'minute', '(ALL)', n, 'game', '(ALL)', 'users', '', n"],
  ['window_purchases', "n % 7, 'EUR', n, n, n, 'game', 'PT', 'IOS'"],
  ['window_changes', 'n, n'],
  ['window_rates', "n, 'EUR', '1.1', n"],
  ['loss_devices', "'game', 'd' || n, '[]'"],
  ['quality_counts', "'game', n, 1, 1"],
  ['stream_counts', "'game', n, 0, 1, 1, 0, 0"],
  ['stream_event_ids', "'game', 'e' || n, 0, 'f', n"],
  ['stream_rates', "'t', n % 6, n, 'EUR', '1.1'"],
  ['stream_rejected_events', "n, 'game', NULL, 'x', NULL, 'r', NULL, 'ids', 's', n, '', NULL, n"],
  ['stream_transactions', "'game', 's', 't' || n, NULL, 1, 'EUR', 'raw 0:1', n"],
  ['enriched_batches', "n * 50, n * 50 - 49, repeat('x', 500)::bytea"],
  ['rejected_events', "n, 'game', NULL, 'x', NULL, 'r', NULL, 'quality', '', '{}', n, NULL"],
] as const

async function postgresPlanner(): Promise<Planner> {
  const { at, drop } = await ANALYTICS[1].fresh()
  await (await openTestAnalytics(at)).close()
  const client = new pg.Client({ connectionString: at })
  await client.connect()
  for (const [table, row] of FILL) {
    await client.query(
      `INSERT INTO analytics.${table} SELECT ${row} FROM generate_series(1, 5000) n`,
    )
  }
  await client.query('ANALYZE')
  return {
    async scansOf({ postgres: sql }) {
      const answer = await client.query(`EXPLAIN (GENERIC_PLAN, FORMAT JSON) ${sql}`)
      const nodes = flatten(answer.rows[0]['QUERY PLAN'][0].Plan)
      return nodes.filter(isWhole).map((node) => String(node['Relation Name']))
    },
    async close() {
      await client.end()
      await drop()
    },
  }
}

describe.each([
  { name: 'a file', open: sqlitePlanner },
  { name: 'PostgreSQL', open: postgresPlanner },
])('a statement on analytics in $name reads no growing table as a whole', ({ open }) => {
  let planner: Planner
  beforeAll(async () => {
    planner = await open()
  })
  afterAll(() => planner.close())
  const scansOf = async (statement: Parameters<Planner['scansOf']>[0]): Promise<string[]> =>
    (await planner.scansOf(statement)).filter((table) => !SMALL.has(table))

  const all = [...ANALYTICS_STATEMENTS.values()].map((statement) => ({ ...statement }))
  it.each(all.filter(({ name }) => !SCANS(name)))('$name', async (statement) => {
    expect(await scansOf(statement)).toEqual([])
  })

  it.each([
    ['window_facts', 'SELECT sum(value) FROM window_facts WHERE app = $1'],
    ['window_users', 'SELECT user_id FROM window_users WHERE seen = $1'],
    ['rejected_events', 'SELECT raw FROM rejected_events WHERE app = $1'],
  ])('a scan of %s is found', async (table, sqlite) => {
    const postgres = sqlite.replace('FROM ', 'FROM analytics.')
    expect(await scansOf({ sqlite, postgres })).toEqual([table])
  })
})
