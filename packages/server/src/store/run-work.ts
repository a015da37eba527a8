import type { LogHead } from './log-head.ts'
import { StoreFailure, type Tx } from './port.ts'
import type { SqlValue, Statement } from './statement.ts'

/** What a database does in a transaction; the rest of `Tx` is alike on both. */
export type Statements = Pick<Tx, 'run' | 'change'> & {
  /** Fails unless as many rows change as there are tuples. */
  changeExactly(statement: Statement, tuples: readonly (readonly SqlValue[])[]): Promise<unknown>
}

type Parts = {
  readonly statements: Statements
  /** May come later than the answers to the first statements; it fails if the transaction did not begin. */
  readonly head: LogHead | Promise<LogHead>
  /** Fails when a statement before it did, also one that nobody waited for. */
  commit(head: LogHead): Promise<unknown>
}

/**
 * Lets `work` use a transaction, and only as long as it is one, and commits. A statement that failed
 * fails the whole, also when `work` caught it: PostgreSQL would answer the COMMIT with a silent
 * ROLLBACK, and SQLite would commit the rest. What is thrown is the first failure of a statement,
 * since those after it may only say that there was one.
 */
export async function runWork<T>(work: (tx: Tx) => Promise<T>, parts: Parts): Promise<T> {
  const { statements, head } = parts
  let isOver = false
  let failure: { readonly cause: unknown } | undefined
  const assertOpen = (): void => {
    if (isOver) throw new Error('the transaction is over')
  }
  const assertSound = (): void => {
    if (failure) throw failure.cause
  }
  const note = (cause: unknown): void => {
    failure ??= { cause }
  }
  const noting = async <A>(answer: Promise<A>): Promise<A> =>
    answer.catch((cause: unknown) => {
      note(cause)
      throw cause
    })
  if (head instanceof Promise) head.catch(note)
  const writes: Promise<unknown>[] = []
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
      write(statement, tuples) {
        assertOpen()
        if (tuples.length > 0) writes.push(statements.run(statement, tuples).catch(note))
      },
      writeExactly(statement, tuples) {
        assertOpen()
        if (tuples.length > 0) writes.push(statements.changeExactly(statement, tuples).catch(note))
      },
      async takeOffsets(count) {
        assertOpen()
        return (await head).take(count)
      },
    })
    isOver = true
    const known = await head
    assertSound()
    await parts.commit(known)
    await Promise.all(writes)
    assertSound()
    return result
  } catch (error) {
    await Promise.all(writes)
    throw failure !== undefined && error instanceof StoreFailure ? failure.cause : error
  } finally {
    isOver = true
  }
}
