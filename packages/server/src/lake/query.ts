import { loadDuckDb } from './engine.ts'
import { LakeError } from './manifest.ts'
import { type Plain, plainValues } from './plain-value.ts'
import type { Lake } from './read-lake.ts'

export type Answer = {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly Plain[])[]
  /** There are more rows than were asked for. */
  readonly more: boolean
}

/**
 * Answers one statement that a person wrote, which reads the views of the lake and nothing else.
 * @param limit of rows; 0 for all
 * @throws LakeError when it is no query, or a wrong one
 */
export async function query(
  { engine: { connection } }: Lake,
  sql: string,
  limit: number,
  signal: AbortSignal,
): Promise<Answer> {
  const duckDb = await loadDuckDb()
  const { EXPLAIN, SELECT } = duckDb.StatementType
  const interrupt = (): void => connection.interrupt()
  signal.addEventListener('abort', interrupt)
  try {
    signal.throwIfAborted()
    const statements = await connection.extractStatements(sql)
    if (statements.count !== 1) throw new LakeError('it takes one statement at a time')
    const prepared = await statements.prepare(0)
    if (![SELECT, EXPLAIN].includes(prepared.statementType)) {
      throw new LakeError('the lake is read only: a query begins with SELECT, FROM or WITH')
    }
    const reader = await prepared.streamAndReadUntil(
      limit === 0 ? Number.MAX_SAFE_INTEGER : limit + 1,
    )
    const rows = reader.getRows().map((row) => row.map(plainValues(duckDb)))
    const more = limit > 0 && rows.length > limit
    return { columns: reader.columnNames(), rows: more ? rows.slice(0, limit) : rows, more }
  } catch (error) {
    if (signal.aborted) throw new LakeError('interrupted')
    // Of a wrong query DuckDB tells in its first lines what is wrong and where.
    if (error instanceof Error) throw new LakeError(error.message)
    throw error
  } finally {
    signal.removeEventListener('abort', interrupt)
  }
}
