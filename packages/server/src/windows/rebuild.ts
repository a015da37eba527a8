import {
  checkpointOf,
  holdCheckpoint,
  onAnalytics,
  renewGeneration,
} from '../analytics/analytics.ts'
import type { Read, SqlValue, Statement, Store, Tx } from '../store/store.ts'
import { dropAllClosed } from './user-set-retention.ts'

/** A table that a consumer writes, with its columns: first those of its key, in their order. */
type Table = {
  readonly name: string
  readonly key: readonly string[]
  readonly rest: readonly string[]
}

type Rebuildable = {
  readonly consumer: string
  /** Ends in both places what is only done bit by bit, and is the same in the end. */
  readonly settle?: (tx: Tx) => Promise<void>
  readonly tables: readonly Table[]
}

const CONSUMERS: readonly Rebuildable[] = [
  {
    consumer: 'windows',
    settle: dropAllClosed,
    tables: [
      {
        name: 'window_facts',
        key: ['grain', 'platform', 'start', 'app', 'country_code', 'metric', 'label'],
        rest: ['value'],
      },
      { name: 'window_users', key: ['grain', 'start', 'app', 'user_id'], rest: ['seen'] },
      {
        name: 'window_user_sets',
        key: ['grain', 'start', 'app'],
        rest: ['touched_at', 'missed', 'has_users'],
      },
      { name: 'window_clock', key: ['name'], rest: ['hour_at'] },
      { name: 'window_changes', key: ['start'], rest: ['changed_offset'] },
      {
        name: 'window_purchases',
        key: ['day', 'currency', 'log_offset'],
        rest: ['amount_micros', 'minute', 'app', 'country_code', 'platform'],
      },
      { name: 'window_rates', key: ['day', 'currency'], rest: ['usd_per_unit', 'log_offset'] },
    ],
  },
  {
    consumer: 'loss',
    tables: [
      { name: 'loss_devices', key: ['app', 'device_id'], rest: ['intervals'] },
      { name: 'loss_versions', key: ['app', 'sdk', 'version'], rest: ['received', 'lost'] },
    ],
  },
]

const PAGE_ROWS = 2_000
/** Offsets that may be counted while the server waits: some seconds. */
const BEHIND_MAX = 20_000

type TableStatements = {
  readonly table: Table
  readonly first: Statement
  readonly next: Statement
  readonly remove: Statement
  readonly put: Statement
}

/** Values are read as text, so that no integer is too long for a number; columns take them back as such. */
function statementsOf(table: Table): TableStatements {
  const { name, key, rest } = table
  const marks = (count: number) => Array.from({ length: count }, (_, i) => `$${i + 1}`).join(', ')
  const order = key.join(', ')
  const values = rest.map((column) => `CAST(${column} AS TEXT) AS ${column}`)
  const page = `SELECT ${[...key, ...values].join(', ')} FROM analytics.${name}`
  const end = `ORDER BY ${order} LIMIT ${PAGE_ROWS}`
  const all = [...key, ...rest]
  return {
    table,
    first: onAnalytics(`windows.rows-of-${name}`, `${page} ${end}`),
    next: onAnalytics(
      `windows.next-rows-of-${name}`,
      `${page} WHERE (${order}) > (${marks(key.length)}) ${end}`,
    ),
    remove: onAnalytics(
      `windows.remove-from-${name}`,
      `DELETE FROM analytics.${name} WHERE (${order}) = (${marks(key.length)})`,
    ),
    put: onAnalytics(
      `windows.put-into-${name}`,
      `INSERT INTO analytics.${name} (${all.join(', ')}) VALUES (${marks(all.length)})
      ON CONFLICT (${order}) DO UPDATE SET ${rest.map((column) => `${column} = excluded.${column}`).join(', ')}`,
    ),
  }
}

const REBUILT = CONSUMERS.map((each) => ({ ...each, tables: each.tables.map(statementsOf) }))

export type RebuildParts = {
  /** The analytics file in use. */
  readonly live: Store
  /** Another one, new and empty. */
  readonly aside: Store
  /** Runs a consumer, and those before it, on the other file up to an offset and no further. */
  readonly run: (consumer: string, until: number) => Promise<void>
}

export type Rebuilt = {
  readonly consumer: string
  /** The log up to here was counted anew. */
  readonly offset: number
  readonly rows: number
  /** How many rows were otherwise than the log says, and are put right now. */
  readonly changed: number
}

/**
 * Counts the log anew beside the numbers in use, compares every row and puts right those that differ.
 * Who reads sees the old rows or the new ones. A running server goes on; it waits while rows are compared.
 */
export async function rebuildWindows(parts: RebuildParts): Promise<readonly Rebuilt[]> {
  const done: Rebuilt[] = []
  for (const each of REBUILT) {
    const { consumer } = each
    // Most of the work, while the server counts on, until hardly anything is left.
    for (let behind = Number.POSITIVE_INFINITY; behind > BEHIND_MAX; ) {
      const offset = await checkpointOf(parts.live.read, consumer)
      await parts.run(consumer, offset)
      behind = (await checkpointOf(parts.live.read, consumer)) - offset
    }
    done.push(await parts.live.transaction((tx) => replaceRows(tx, parts, each)))
  }
  return done
}

async function replaceRows(
  tx: Tx,
  { aside, run }: Pick<RebuildParts, 'aside' | 'run'>,
  { consumer, settle, tables }: (typeof REBUILT)[number],
): Promise<Rebuilt> {
  // Nobody moves it within this transaction: what came meanwhile is counted now, then both are as of it.
  const offset = await holdCheckpoint(tx, consumer)
  await run(consumer, offset)
  if (settle) {
    await settle(tx)
    await aside.transaction(settle)
  }
  let rows = 0
  let changed = 0
  for (const of of tables) {
    for await (const { before, after } of differences(inside(tx), aside.read, of)) {
      rows += 1
      if (before !== null && after !== null && before.text === after.text) continue
      changed += 1
      if (after !== null) await tx.run(of.put, [after.cells])
      else if (before !== null) await tx.run(of.remove, [before.key])
    }
  }
  // Whoever holds rows in memory reads them again.
  if (changed > 0) await renewGeneration(tx, consumer, offset)
  return { consumer, offset, rows, changed }
}

/** On the connection of the transaction, which would be ended if it said nothing for long. */
const inside =
  (tx: Tx): Read =>
  (statement, values) =>
    tx.run(statement, [values])

type Cells = readonly SqlValue[]
type Row = { readonly key: Cells; readonly cells: Cells; readonly text: string }
type Difference = { readonly before: Row | null; readonly after: Row | null }

/** The rows of both, side by side in the order of their keys. */
async function* differences(
  before: Read,
  after: Read,
  statements: TableStatements,
): AsyncGenerator<Difference> {
  const olds = rowsOf(before, statements)
  const news = rowsOf(after, statements)
  let old = await olds.next()
  let fresh = await news.next()
  while (!old.done || !fresh.done) {
    const order = old.done ? 1 : fresh.done ? -1 : compareKeys(old.value.key, fresh.value.key)
    yield {
      before: order <= 0 && !old.done ? old.value : null,
      after: order >= 0 && !fresh.done ? fresh.value : null,
    }
    if (order <= 0) old = await olds.next()
    if (order >= 0) fresh = await news.next()
  }
}

async function* rowsOf(read: Read, { table, first, next }: TableStatements): AsyncGenerator<Row> {
  let last: Row | undefined
  do {
    const rows = await (last
      ? read<Readonly<Record<string, SqlValue>>>(next, last.key)
      : read<Readonly<Record<string, SqlValue>>>(first, []))
    last = undefined
    for (const row of rows) {
      const key = table.key.map((column) => row[column] ?? null)
      const cells = [...key, ...table.rest.map((column) => row[column] ?? null)]
      last = { key, cells, text: JSON.stringify(cells) }
      yield last
    }
  } while (last !== undefined)
}

/** As the databases order them: texts by their bytes. */
function compareKeys(a: Cells, b: Cells): number {
  for (const [index, one] of a.entries()) {
    const other = b[index]
    if (one === other) continue
    if (typeof one === 'number' && typeof other === 'number') return one - other
    return Buffer.compare(Buffer.from(String(one)), Buffer.from(String(other)))
  }
  return 0
}
