import type { LogHead } from './log-head.ts'
import type { Tx } from './port.ts'

/**
 * Lets `work` use a transaction, and only as long as it is one. A statement that failed fails the
 * whole, also when `work` caught it: PostgreSQL would answer the COMMIT with a silent ROLLBACK, and
 * SQLite would commit the rest.
 */
export async function runWork<T>(
  work: (tx: Tx) => Promise<T>,
  run: Tx['run'],
  head: LogHead,
): Promise<T> {
  let isOver = false
  let failure: { readonly cause: unknown } | undefined
  const assertOpen = (): void => {
    if (isOver) throw new Error('the transaction is over')
  }
  try {
    const result = await work({
      async run(statement, tuples) {
        assertOpen()
        if (tuples.length === 0) return []
        return run<never>(statement, tuples).catch((cause: unknown) => {
          failure ??= { cause }
          throw cause
        })
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
