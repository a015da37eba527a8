import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Columns of so many rows may wait to be freed: some 15 MB. */
const ROWS = 50_000

/**
 * Frees columns that are not used any more. V8 does not count memory that threads share, so that it would
 * leave hundreds of megabytes of it where a run has few.
 */
export function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  collect()
}

/** Does so now and then: it is told of how many rows there were columns. */
export function garbageCollector(): (rows: number) => void {
  let waiting = 0
  return (rows) => {
    waiting += rows
    if (waiting < ROWS) return
    waiting = 0
    collectGarbage()
  }
}
