import { shared } from './statement.ts'

/**
 * `log_head` is the row that every writing transaction locks first. So writers take turns across
 * all processes, offsets have no gaps, and no reader of `offset > last` can miss an offset that
 * was taken early and committed late.
 */
export type LogHead = {
  /** The newest offset, with those that this transaction took. */
  readonly newest: () => number
  readonly moved: () => boolean
  /** Takes `count` offsets and returns the first. */
  readonly take: (count: number) => number
}

export const READ_LOG_HEAD = shared('log-head.read', 'SELECT log_offset AS newest FROM log_head')
export const MOVE_LOG_HEAD = shared('log-head.move', 'UPDATE log_head SET log_offset = $1')

export function logHead(row: unknown): LogHead {
  const isRow = typeof row === 'object' && row !== null && 'newest' in row
  if (!isRow) throw new Error('the log has no head row: the migrations did not run')
  const first = Number(row.newest)
  let newest = first
  return {
    newest: () => newest,
    moved: () => newest > first,
    take(count) {
      const offset = newest + 1
      newest += count
      return offset
    },
  }
}

/** Of a database in which no log lies: nobody waits for its head, and nobody takes offsets. */
export const NO_LOG: LogHead = {
  newest: () => 0,
  moved: () => false,
  take() {
    throw new Error('no log lies in this database')
  },
}
