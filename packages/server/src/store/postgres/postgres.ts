import pg from 'pg'
import { logHead, READ_LOG_HEAD } from '../log-head.ts'
import type { Read, Store, Tx } from '../port.ts'
import { StoreFailure } from '../port.ts'
import type { SqlValue, Statement } from '../statement.ts'

export type PostgresSettings = {
  readonly url: string
  readonly connectionsMax: number
  /** How long a request may wait for a connection: shorter than a client waits for its answer. */
  readonly connectTimeoutMs: number
  readonly lockTimeoutMs: number
  /** Ends a transaction whose process hangs, since it holds the one write lock. */
  readonly idleTransactionTimeoutMs: number
  readonly statementTimeoutMs: number
}

export type PostgresParts = {
  readonly jitter: () => number
  readonly onIdleError: (e: Error) => void
}

const RETRIES_MAX = 5

/** PostgreSQL 15 or newer behind the same port: batches go as arrays, one statement per kind of row. */
export function openPostgres(parts: PostgresParts, settings: PostgresSettings): Store {
  const pool = new pg.Pool({
    connectionString: settings.url,
    max: settings.connectionsMax,
    connectionTimeoutMillis: settings.connectTimeoutMs,
    application_name: 'questline',
    statement_timeout: settings.statementTimeoutMs,
    lock_timeout: settings.lockTimeoutMs,
    idle_in_transaction_session_timeout: settings.idleTransactionTimeoutMs,
    types: { getTypeParser },
  })
  pool.on('error', parts.onIdleError)

  const once = async <T>(
    begin: string,
    work: (client: pg.PoolClient) => Promise<T>,
  ): Promise<T> => {
    const client = await pool.connect().catch(fail)
    try {
      await client.query(begin)
      const result = await work(client)
      client.release()
      return result
    } catch (error) {
      // A connection that cannot roll back may still be inside the transaction: it is thrown away.
      const rolledBack = await client.query('ROLLBACK').then(
        () => true,
        () => false,
      )
      client.release(!rolledBack)
      throw toFailure(error)
    }
  }

  return {
    dialect: 'postgres',
    transaction: (work) => retrying(parts.jitter, () => once('BEGIN', (c) => writing(c, work))),
    read: async <R>(statement: Statement, values: readonly SqlValue[]) => {
      const answer = await pool.query(prepared(statement, values)).catch(fail)
      return answer.rows as R[]
    },
    snapshot: (work) =>
      once('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY', async (client) => {
        const read: Read = async <R>(statement: Statement, values: readonly SqlValue[]) =>
          (await client.query(prepared(statement, values)).catch(fail)).rows as R[]
        const result = await work(read)
        await client.query('COMMIT')
        return result
      }),
    script: (statements) =>
      once('BEGIN', async (client) => {
        for (const statement of statements) await client.query(statement)
        await client.query('COMMIT')
      }),
    backup: async () => {
      throw new Error(
        'PostgreSQL is backed up with pg_dump or pg_basebackup: see docs/operations.md',
      )
    },
    pool: () => ({
      inUse: pool.totalCount - pool.idleCount,
      open: pool.totalCount,
      max: settings.connectionsMax,
    }),
    close: () => pool.end(),
  }
}

async function writing<T>(client: pg.PoolClient, work: (tx: Tx) => Promise<T>): Promise<T> {
  const head = logHead((await client.query(`${READ_LOG_HEAD} FOR UPDATE`)).rows[0])
  const result = await work({
    run: <R>(statement: Statement, tuples: readonly (readonly SqlValue[])[]) =>
      runAll<R>(client, statement, tuples),
    takeOffsets: head.take,
  })
  // One round trip for both; the offset is an integer of ours.
  const moveHead = head.moved() ? `UPDATE log_head SET log_offset = ${head.newest()};` : ''
  await client.query(`${moveHead} COMMIT`)
  return result
}

async function runAll<R>(
  client: pg.PoolClient,
  statement: Statement,
  tuples: readonly (readonly SqlValue[])[],
): Promise<R[]> {
  const [first] = tuples
  if (!first) return []
  if (statement.takesArrays) {
    const columns = first.map((_, column) => tuples.map((tuple) => tuple[column] ?? null))
    return (await client.query(prepared(statement, columns))).rows as R[]
  }
  const rows: R[] = []
  for (const tuple of tuples) {
    const answer = await client.query(prepared(statement, tuple))
    rows.push(...(answer.rows as R[]))
  }
  return rows
}

const prepared = (statement: Statement, values: readonly unknown[]): pg.QueryConfig => ({
  name: statement.name,
  text: statement.postgres,
  values: [...values],
})

/** BIGINT as a number: every integer that we store is at most 2^53 − 1, and this asserts it. */
function getTypeParser(oid: number, format?: 'text' | 'binary') {
  if (oid !== pg.types.builtins.INT8 && oid !== pg.types.builtins.NUMERIC) {
    return format === 'binary'
      ? pg.types.getTypeParser(oid, 'binary')
      : pg.types.getTypeParser(oid, 'text')
  }
  return (text: string) => {
    const value = Number(text)
    if (!Number.isSafeInteger(value)) throw new Error(`${text} is beyond 2^53 − 1`)
    return value
  }
}

/** PostgreSQL asks the application to repeat these; nothing of the transaction remains. */
const REPEAT = new Set(['40001', '40P01'])

async function retrying<T>(jitter: () => number, attempt: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await attempt()
    } catch (error) {
      if (tries > RETRIES_MAX || !REPEAT.has(sqlState(error))) throw error
      await new Promise((resolve) => setTimeout(resolve, jitter() * 5 * 2 ** tries))
    }
  }
}

// https://www.postgresql.org/docs/current/errcodes-appendix.html: connection (08), resources (53),
// operator intervention (57), lock not available (55P03), time-outs and the repeatable ones.
const UNAVAILABLE = /^(08|53|57|40|55P03|25P03|58)/

function sqlState(error: unknown): string {
  const cause = error instanceof StoreFailure ? error.cause : error
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : ''
  return typeof code === 'string' ? code : ''
}

function toFailure(error: unknown): unknown {
  if (error instanceof StoreFailure) return error
  if (error instanceof pg.DatabaseError) {
    return new StoreFailure(UNAVAILABLE.test(sqlState(error)) ? 'unavailable' : 'bug', error)
  }
  return isConnectionError(error) ? new StoreFailure('unavailable', error) : error
}

const CONNECTION =
  /terminat|ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|timeout|not queryable|closed/i

const isConnectionError = (error: unknown): boolean =>
  error instanceof Error && CONNECTION.test(`${sqlState(error)} ${error.message}`)

function fail(error: unknown): never {
  throw toFailure(error)
}
