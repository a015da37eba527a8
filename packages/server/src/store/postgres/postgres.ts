import pg from 'pg'
import { type LogHead, logHead, NO_LOG, READ_LOG_HEAD } from '../log-head.ts'
import type { Read, Store, Tx } from '../port.ts'
import { runWork, type Statements } from '../run-work.ts'
import type { SqlValue, Statement } from '../statement.ts'
import { arrayLiteral } from './array-literal.ts'
import { fail, isAnswer, isRepeatable, lacksPartition } from './failures.ts'
import { MORE_PARTITIONS } from './partitions.ts'

export type PostgresSettings = {
  readonly url: string
  readonly connectionsMax: number
  /** How long a request may wait for a connection: shorter than a client waits for its answer. */
  readonly connectTimeoutMs: number
  readonly lockTimeoutMs: number
  /** Ends a transaction whose process hangs, since it holds the one write lock. */
  readonly idleTransactionTimeoutMs: number
  readonly statementTimeoutMs: number
  /**
   * False: no log lies in this database, so that no writer waits for the head of one. They run at
   * once, and what must not happen twice is a compare-and-set of theirs.
   */
  readonly hasLog?: boolean
  /**
   * A pooler lies between that gives each transaction whichever connection is free (PgBouncer in
   * transaction mode). Then nothing is left behind in a session: no prepared statement, no setting.
   */
  readonly pooler?: boolean
}

export type PostgresParts = {
  readonly jitter: () => number
  readonly onIdleError: (e: Error) => void
}

const RETRIES_MAX = 5
/** The moment is that of the first query, not of BEGIN. An audit of a long log takes what it takes. */
const SNAPSHOT =
  'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = 0; SET LOCAL enable_seqscan = on; SELECT 1'
/**
 * A prepared statement keeps the plan that was made while its table was empty, where reading the
 * whole of it looks cheapest: on a new database an earn took ten times as long, and longer with each.
 * Every statement of requests has its index (no-full-scan.test.ts), so none may be planned without.
 */
const PLANS = { enable_seqscan: 'off' }
/** How much later than the server's own limit we give up on a connection that says nothing. */
const SILENCE_MS = 1_000

/** PostgreSQL 15 or newer behind the same port: batches go as arrays, one statement per kind of row. */
export function openPostgres(parts: PostgresParts, settings: PostgresSettings): Store {
  const pool = openPool(parts, settings)
  const pooler = settings.pooler ?? false
  const begin = `BEGIN ISOLATION LEVEL READ COMMITTED; ${pooler ? locally(sessionOf(settings)) : ''}`
  const readMaxMs = settings.statementTimeoutMs + SILENCE_MS
  // All that a write can wait for is the head of the log; its statements take milliseconds.
  const writeMaxMs = settings.lockTimeoutMs + SILENCE_MS

  const once = async <T>(
    statements: string,
    answerMaxMs: number | null,
    work: (ask: Ask, begun: pg.QueryResult) => Promise<T>,
  ): Promise<T> => {
    const client = await pool.connect().catch(fail)
    const ask = asking(client, answerMaxMs)
    let isInStep = true
    try {
      return await work(ask, await ask(statements))
    } catch (error) {
      // A connection that cannot roll back may still be inside the transaction: it is thrown away.
      isInStep = isAnswer(error) && (await ask('ROLLBACK').then(yes, no))
      throw error
    } finally {
      client.release(!isInStep)
    }
  }

  const script: Store['script'] = (statements) =>
    once(`${begin} SET LOCAL statement_timeout = 0`, null, async (ask) => {
      for (const statement of statements) await ask(statement)
      await ask('COMMIT')
    })
  const withPartitions = () => script([MORE_PARTITIONS])

  return {
    dialect: 'postgres',
    // Said at each BEGIN, since a database or a role may have another default.
    transaction: (work) =>
      retrying(parts.jitter, withPartitions, () =>
        settings.hasLog === false
          ? once(begin, writeMaxMs, (ask) => writing(ask, pooler, NO_LOG, work))
          : once(`${begin} ${READ_LOG_HEAD.postgres} FOR UPDATE`, writeMaxMs, (ask, begun) =>
              writing(ask, pooler, logHead(lastOf(begun).rows[0]), work),
            ),
      ),
    read: (statement, values) => reading(asking(pool, readMaxMs), pooler)(statement, values),
    readEach: async (statement, tuples) => {
      if (tuples.length === 0) return []
      const ask = asking(pool, readMaxMs)
      const run = (values: readonly unknown[]) => ask(prepared(statement, values, pooler))
      const answers = await answersOf(run, statement, tuples)
      return answers.flatMap(({ rows }) => rows)
    },
    readNow: null,
    snapshot: (work) =>
      once(SNAPSHOT, null, async (ask) => {
        const result = await work(reading(ask, pooler))
        await ask('COMMIT')
        return result
      }),
    // An index over a long log takes what it takes.
    script,
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

const yes = (): boolean => true
const no = (): boolean => false

function openPool(parts: PostgresParts, settings: PostgresSettings): pg.Pool {
  const pool = new pg.Pool({
    connectionString: settings.url,
    max: settings.connectionsMax,
    connectionTimeoutMillis: settings.connectTimeoutMs,
    application_name: 'questline',
    ...(settings.pooler ? {} : { options: atStart(sessionOf(settings)) }),
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    types: { getTypeParser },
    verify: (client, done) => {
      assertDurable(client).then(() => done(), done)
    },
  })
  pool.on('error', parts.onIdleError)
  // The pool listens to idle connections only. One that breaks between two statements of a
  // transaction would end the process; the next statement on it fails anyway.
  pool.on('connect', (client) => client.on('error', () => undefined))
  return pool
}

type Session = Readonly<Record<string, string | number>>

/** What holds for everything that is asked of a connection. */
const sessionOf = (settings: PostgresSettings): Session => ({
  statement_timeout: settings.statementTimeoutMs,
  lock_timeout: settings.lockTimeoutMs,
  idle_in_transaction_session_timeout: settings.idleTransactionTimeoutMs,
  ...PLANS,
})

const atStart = (session: Session): string =>
  Object.entries(session)
    .map(([name, value]) => `-c ${name}=${value}`)
    .join(' ')

/** The same for one transaction, as statements before its first. */
const locally = (session: Session): string =>
  Object.entries(session)
    .map(([name, value]) => `SET LOCAL ${name} = ${value};`)
    .join(' ')

/** A commit that is answered before it is on disk would break every promise of the books. */
async function assertDurable(client: pg.PoolClient): Promise<void> {
  const answer = await client.query<Readonly<Record<'fsync' | 'synchronous_commit', string>>>(
    "SELECT current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS synchronous_commit",
  )
  const [row] = answer.rows
  if (row?.fsync === 'on' && row.synchronous_commit !== 'off') return
  throw new Error(
    `PostgreSQL is not durable here: fsync=${row?.fsync}, synchronous_commit=${row?.synchronous_commit}`,
  )
}

/** Sends one query and waits for its answer, for `answerMaxMs` at the most. Fails with the port's failures. */
type Ask = (query: string | pg.QueryConfig) => Promise<pg.QueryResult>

const asking =
  (connection: pg.Pool | pg.PoolClient, answerMaxMs: number | null): Ask =>
  (query) => {
    const config = typeof query === 'string' ? { text: query } : query
    // The driver takes a limit for each query, which its types do not know.
    const limited = answerMaxMs === null ? config : { ...config, query_timeout: answerMaxMs }
    return connection.query(limited).catch(fail)
  }

/** Of several statements in one text the driver answers each. */
function lastOf(answers: pg.QueryResult | readonly pg.QueryResult[]): pg.QueryResult {
  const last = Array.isArray(answers) ? answers.at(-1) : answers
  if (last === undefined) throw new Error('a query without an answer')
  return last
}

const reading =
  (ask: Ask, pooler: boolean): Read =>
  async <R>(statement: Statement, values: readonly SqlValue[]) =>
    (await ask(prepared(statement, values, pooler))).rows as R[]

async function writing<T>(
  ask: Ask,
  pooler: boolean,
  head: LogHead,
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  const answers = (statement: Statement, tuples: readonly (readonly SqlValue[])[]) =>
    answersOf((values) => ask(prepared(statement, values, pooler)), statement, tuples)
  const statements: Statements = {
    run: async (statement, tuples) =>
      (await answers(statement, tuples)).flatMap(({ rows }) => rows),
    change: async (statement, tuples) =>
      (await answers(statement, tuples)).reduce((sum, { rowCount }) => sum + (rowCount ?? 0), 0),
  }
  const result = await runWork(work, statements, head)
  // One round trip for both; the offset is an integer of ours.
  const moveHead = head.moved() ? `UPDATE log_head SET log_offset = ${head.newest()};` : ''
  await ask(`${moveHead} COMMIT`)
  return result
}

/** One answer for all tuples where the statement takes arrays, else one for each. */
async function answersOf(
  run: (values: readonly unknown[]) => Promise<pg.QueryResult>,
  { takesArrays }: Statement,
  tuples: readonly (readonly SqlValue[])[],
): Promise<pg.QueryResult[]> {
  if (takesArrays) {
    const columns = (tuples[0] ?? []).map((_, column) =>
      arrayLiteral(tuples.map((tuple) => tuple[column] ?? null)),
    )
    return [await run(columns)]
  }
  const answers: pg.QueryResult[] = []
  for (const tuple of tuples) answers.push(await run(tuple))
  return answers
}

/** Without a name the statement is prepared for this one time, in the same round trip. */
const prepared = (
  { name, postgres }: Statement,
  values: readonly unknown[],
  pooler: boolean,
): pg.QueryConfig => ({ ...(pooler ? {} : { name }), text: postgres, values: [...values] })

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

/** Partitions are made long ahead, by a server. An import may run where there is none. */
async function retrying<T>(
  jitter: () => number,
  makePartitions: () => Promise<void>,
  attempt: () => Promise<T>,
): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await attempt()
    } catch (error) {
      if (tries <= RETRIES_MAX && lacksPartition(error)) {
        await makePartitions()
        continue
      }
      if (tries > RETRIES_MAX || !isRepeatable(error)) throw error
      await new Promise((resolve) => setTimeout(resolve, jitter() * 5 * 2 ** tries))
    }
  }
}
