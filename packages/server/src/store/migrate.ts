import { BOOKS } from './migrations/0001-books.ts'
import type { Store } from './port.ts'
import { shared } from './statement.ts'

/** What the two databases spell differently. */
export type Spelling = {
  readonly blob: string
  /** A column of log offsets that is the primary key. */
  readonly offset: string
  /** Stores the rows of a table in the order of its primary key. */
  readonly clustered: string
  /** Makes the database itself refuse UPDATE and DELETE on `table`. */
  refuse(table: string, message: string): readonly string[]
}

const SPELLING: Readonly<Record<Store['dialect'], Spelling>> = {
  sqlite: {
    blob: 'BLOB',
    offset: 'INTEGER',
    clustered: 'WITHOUT ROWID',
    refuse: (table, message) =>
      ['UPDATE', 'DELETE'].map(
        (verb) =>
          `CREATE TRIGGER ${table}_no_${verb.toLowerCase()} BEFORE ${verb} ON ${table} BEGIN SELECT RAISE(ABORT, '${message}'); END`,
      ),
  },
  postgres: {
    blob: 'BYTEA',
    offset: 'BIGINT',
    clustered: '',
    refuse: (table, message) => [
      `CREATE FUNCTION ${table}_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '${message}'; END $$`,
      `CREATE TRIGGER ${table}_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON ${table} FOR EACH STATEMENT EXECUTE FUNCTION ${table}_refuse()`,
    ],
  },
}

export type Migration = {
  readonly number: number
  readonly name: string
  statements(spelling: Spelling): readonly string[]
}

const MIGRATIONS: readonly Migration[] = [BOOKS]
export const SCHEMA_VERSION = MIGRATIONS.length

const CREATE =
  'CREATE TABLE IF NOT EXISTS migrations (number BIGINT PRIMARY KEY, name TEXT NOT NULL, applied_at BIGINT NOT NULL)'
const APPLIED = shared('migrations.applied', 'SELECT number FROM migrations ORDER BY number')

/** The database was written by a newer Questline. Running this older one on it could lose money. */
export class SchemaError extends Error {}

/**
 * Brings the schema up to date, each migration in a transaction of its own, so a kill at any
 * statement leaves a schema that the next start continues from. Several processes may run it at once.
 * Returns the names of the migrations that it applied.
 */
export async function migrate(store: Store, now: () => number): Promise<string[]> {
  // Two processes that create it at once can collide even so; the second time it is there.
  await store.script([CREATE]).catch(() => store.script([CREATE]))
  const applied = await readApplied(store)
  const newest = Math.max(0, ...applied)
  if (newest > SCHEMA_VERSION) {
    throw new SchemaError(
      `the database has schema ${newest}, this Questline knows ${SCHEMA_VERSION}: start a newer version`,
    )
  }
  const done: string[] = []
  for (const migration of MIGRATIONS) {
    if (applied.has(migration.number)) continue
    if (await apply(store, migration, now())) done.push(migration.name)
  }
  return done
}

/** Whether this process did it; false when another one was faster. */
async function apply(store: Store, migration: Migration, at: number): Promise<boolean> {
  // The row comes first: of two processes at once, the second fails on it before it changes anything.
  const claim = `INSERT INTO migrations VALUES (${migration.number}, '${migration.name}', ${at})`
  try {
    await store.script([claim, ...migration.statements(SPELLING[store.dialect])])
    return true
  } catch (error) {
    if ((await readApplied(store)).has(migration.number)) return false
    throw error
  }
}

async function readApplied(store: Store): Promise<Set<number>> {
  const rows = await store.read<{ number: number }>(APPLIED, [])
  return new Set(rows.map(({ number }) => number))
}
