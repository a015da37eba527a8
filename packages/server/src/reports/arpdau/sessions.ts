import { lookUpIds, lookUpInstants } from '../clean/clean.ts'
import { type Engine, integer } from '../engine/engine.ts'
import { columnAt, type ReadableCsv, readCsvSql } from '../input/input.ts'
import type { SessionColumns, SessionFindings } from '../inspect/inspect.ts'

export type SessionCounts = {
  /** Rows that are no duplicates of another: the same user at the same instant is one. */
  readonly kept: number
  readonly duplicates: number
  /** Distinct users of each day that was asked for, since 1970. */
  readonly users: ReadonlyMap<number, number>
}

/** Counts the sessions of a file, and the users of each of `days` (since 1970) among them. */
export async function readSessions(
  engine: Engine,
  file: ReadableCsv,
  at: SessionColumns,
  found: SessionFindings,
  days: readonly number[],
): Promise<SessionCounts> {
  const time = await lookUpInstants(
    engine,
    'odd_session_times',
    `file.${columnAt(at.time)}`,
    found.times,
  )
  const user = await lookUpIds(engine, 'odd_users', `file.${columnAt(at.user)}`, found.ids)
  const users = days.map(
    (day, index) =>
      `(count(DISTINCT user_id) FILTER (WHERE instant // 86400000000 = ${day}))::INTEGER AS day${index}`,
  )
  const [{ kept, read, ...counts } = {}] = await engine.rows(`
    SELECT ${['count(*)::INTEGER AS kept', 'coalesce(sum(rows), 0)::INTEGER AS read', ...users].join(', ')}
    FROM (
      SELECT ${user.value} AS user_id, ${time.value} AS instant, count(*) AS rows
      FROM ${readCsvSql(file)} AS file ${time.join} ${user.join}
      GROUP BY ALL
    )
    WHERE user_id IS NOT NULL AND instant IS NOT NULL`)
  return {
    kept: integer(kept),
    duplicates: integer(read) - integer(kept),
    users: new Map(days.map((day, index) => [day, integer(counts[`day${index}`])])),
  }
}
