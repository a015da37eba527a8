import type pg from 'pg'
import type { LogHead } from '../log-head.ts'
import { StoreFailure, type Tx } from '../port.ts'
import { runWork } from '../run-work.ts'
import type { SqlValue, Statement } from '../statement.ts'
import { type Ask, lastOf, prepared, valuesOf } from './asking.ts'

/**
 * Runs `work` in the transaction that was begun, and commits. All writers wait while we wait for an
 * answer, so each statement is sent when it is known, the COMMIT behind the writes: after a write that
 * failed PostgreSQL refuses what follows it.
 */
export async function writing<T>(
  ask: Ask,
  pooler: boolean,
  head: Promise<LogHead>,
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  const answers = (
    statement: Statement,
    tuples: readonly (readonly SqlValue[])[],
    text: Pick<Statement, 'name' | 'postgres'> = statement,
  ): Promise<pg.QueryResult[]> =>
    Promise.all(valuesOf(statement, tuples).map((values) => ask(prepared(text, values, pooler))))
  return runWork(work, {
    statements: {
      run: async (statement, tuples) =>
        (await answers(statement, tuples)).flatMap(({ rows }) => rows),
      change: async (statement, tuples) =>
        (await answers(statement, tuples)).reduce((sum, { rowCount }) => sum + (rowCount ?? 0), 0),
      changeExactly: (statement, tuples) => answers(statement, tuples, exactly(statement)),
    },
    head,
    async commit({ moved, newest }) {
      // One text for both; the offset is an integer of ours.
      const moveHead = moved() ? `UPDATE log_head SET log_offset = ${newest()};` : ''
      const { command } = lastOf(await ask(`${moveHead} COMMIT`))
      if (command !== 'COMMIT') throw notCommitted(command)
    },
  })
}

/** So PostgreSQL answers after a failure, which is then what is thrown. */
const notCommitted = (command: string) =>
  new StoreFailure('bug', new Error(`a COMMIT was answered with ${command}`))

/**
 * The statement, failing where it changes another number of rows than there are tuples: whoever only
 * looked at the number could not have sent the COMMIT yet.
 */
const exactly = ({ name, postgres, takesArrays }: Statement) => ({
  name: `${name}.exactly`,
  postgres: `WITH changed AS (${postgres} RETURNING 1)
    SELECT CASE count(*) WHEN ${takesArrays ? 'cardinality($1)' : '1'} THEN 0
      ELSE ('${name} changed ' || count(*) || ' rows')::integer END FROM changed`,
})
