import type { LogHead } from './log-head.ts'
import type { Tx } from './port.ts'

/** What a database does in a transaction; the rest of `Tx` is alike on both. */
export type Statements = Pick<Tx, 'run' | 'change'>

/**
 * Lets `work` use a transaction, and only as long as it is one. A statement that failed fails the
 * whole, also when `work` caught it: PostgreSQL would answer the COMMIT with a silent ROLLBACK, and
 * SQLite would commit the rest.
 */
export async function runWork<T>(
  work: (tx: Tx) => Promise<T>,
  statements: Statements,
  head: LogHead,
): Promise<T> {
  let isOver = false
  let failure: { readonly cause: unknown } | undefined
  const assertOpen = (): void => {
    if (isOver) throw new Error('the transaction is over')
  }
  const noting = async <A>(answer: Promise<A>): Promise<A> =>
    answer.catch((cause: unknown) => {
      failure ??= { cause }
      throw cause
    })
  try {
    const result = await work({
      async run(statement, tuples) {
        assertOpen()
        return tuples.length === 0 ? [] : noting(statements.run<never>(statement, tuples))
      },
      async change(statement, tuples) {
        assertOpen()
        return tuples.length === 0 ? 0 : noting(statements.change(statement, tuples))
      },
      takeOffsets(count) {
        assertOpen()
        return head.take(count)
      },
    })
    if (failure) throw failure.cause
    return result
  } finally {
    isOver = true
  }
}
