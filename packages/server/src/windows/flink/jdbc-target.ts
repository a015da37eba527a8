import type { JdbcTarget } from './tables.ts'

/** What a `postgresql://` URL is for Java: user and password stand apart. */
export function jdbcTarget(postgresUrl: string): JdbcTarget {
  const url = new URL(postgresUrl)
  const options = new URLSearchParams(url.search)
  // One statement for many rows; no statement is prepared, since a pooler may give another session.
  options.set('reWriteBatchedInserts', 'true')
  options.set('prepareThreshold', '0')
  options.set('ApplicationName', 'questline-flink')
  return {
    url: `jdbc:postgresql://${url.host}${url.pathname}?${options}`,
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
  }
}
