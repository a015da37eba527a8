// SQL without any code of the server: for checks that must not share its faults, and to plant faults.
import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'
import { fileOf } from './open-store.ts'

/** Integers are bigints on both databases, so that no check loses a digit. */
export type SqlRow = Readonly<Record<string, unknown>>

export type PlainSql = {
  readonly dialect: 'sqlite' | 'postgres'
  /** Runs one statement without parameters and returns its rows. */
  rows(sql: string): Promise<SqlRow[]>
  close(): Promise<void>
}

/** A connection to the database of `url`, beside whatever else is open on it. */
export async function openPlainSql(url: string): Promise<PlainSql> {
  return url.startsWith('sqlite:') ? openSqlite(fileOf(url)) : openPostgres(url)
}

/** Runs statements on a connection of their own; returns the rows of the last. */
export async function plainSql(url: string, ...statements: readonly string[]): Promise<SqlRow[]> {
  const sql = await openPlainSql(url)
  try {
    let rows: SqlRow[] = []
    for (const statement of statements) rows = await sql.rows(statement)
    return rows
  } finally {
    await sql.close()
  }
}

function openSqlite(file: string): PlainSql {
  const db = new DatabaseSync(file, { timeout: 5_000, readBigInts: true })
  return {
    dialect: 'sqlite',
    rows: async (sql) => db.prepare(sql).all() as SqlRow[],
    close: async () => db.close(),
  }
}

const { INT2, INT4, INT8, NUMERIC } = pg.types.builtins
const INTEGERS = new Set<number>([INT2, INT4, INT8, NUMERIC])

async function openPostgres(url: string): Promise<PlainSql> {
  const types = {
    getTypeParser: (oid: number) =>
      INTEGERS.has(oid)
        ? (text: string) => BigInt(text.replace(/\.0*$/, ''))
        : pg.types.getTypeParser(oid, 'text'),
  }
  const client = new pg.Client({ connectionString: url, types })
  // A test may end this connection on purpose; the query that follows says so.
  client.on('error', () => undefined)
  await client.connect()
  return {
    dialect: 'postgres',
    rows: async (sql) => (await client.query<SqlRow>(sql)).rows,
    close: () => client.end(),
  }
}
