import pg from 'pg'
import type { Read, ReadEach } from '../port.ts'
import type { SqlValue, Statement } from '../statement.ts'
import { arrayLiteral } from './array-literal.ts'
import { failureOf } from './failures.ts'

/**
 * Sends one query and waits for its answer, for `answerMaxMs` at the most. Each is sent at once, and
 * answers come in their order. Fails with the port's failures, and after the first always with that:
 * what PostgreSQL says of a query behind one that failed is only that one did.
 */
export type Ask = (query: string | pg.QueryConfig) => Promise<pg.QueryResult>

/** For one transaction on a connection, or one read on any of the pool. */
export function asking(connection: pg.Pool | pg.PoolClient, answerMaxMs: number | null): Ask {
  let first: { readonly failure: unknown } | undefined
  return (query) => {
    const config = typeof query === 'string' ? { text: query } : query
    // The driver takes a limit for each query, which its types do not know.
    const limited = answerMaxMs === null ? config : { ...config, query_timeout: answerMaxMs }
    if (connection instanceof pg.Client) holdBack(connection)
    return connection.query(limited).catch((error: unknown) => {
      first ??= { failure: failureOf(error) }
      throw first.failure
    })
  }
}

/** What is asked in one go leaves in one write: each by itself would wake the server up. */
function holdBack({ connection: { stream } }: pg.Client): void {
  if (stream.writableCorked > 0) return
  stream.cork()
  process.nextTick(() => stream.uncork())
}

/** Of several statements in one text the driver answers each. */
export function lastOf(answers: pg.QueryResult | readonly pg.QueryResult[]): pg.QueryResult {
  const last = Array.isArray(answers) ? answers.at(-1) : answers
  if (last === undefined) throw new Error('a query without an answer')
  return last
}

export const reading =
  (ask: Ask, pooler: boolean): Read =>
  async <R>(statement: Statement, values: readonly SqlValue[]) =>
    (await ask(prepared(statement, values, pooler))).rows as R[]

export const readingEach =
  (ask: Ask, pooler: boolean): ReadEach =>
  async <R>(statement: Statement, tuples: readonly (readonly SqlValue[])[]) => {
    if (tuples.length === 0) return []
    const answers = await Promise.all(
      valuesOf(statement, tuples).map((values) => ask(prepared(statement, values, pooler))),
    )
    return answers.flatMap(({ rows }) => rows) as R[]
  }

/** What a statement is run with: once for all tuples where it takes arrays, else once for each. */
export function valuesOf(
  { takesArrays }: Statement,
  tuples: readonly (readonly SqlValue[])[],
): readonly (readonly unknown[])[] {
  if (!takesArrays) return tuples
  const columns = (tuples[0] ?? []).map((_, column) =>
    arrayLiteral(tuples.map((tuple) => tuple[column] ?? null)),
  )
  return [columns]
}

/** Without a name the statement is prepared for this one time, in the same round trip. */
export const prepared = (
  { name, postgres }: Pick<Statement, 'name' | 'postgres'>,
  values: readonly unknown[],
  pooler: boolean,
): pg.QueryConfig => ({ ...(pooler ? {} : { name }), text: postgres, values: [...values] })
