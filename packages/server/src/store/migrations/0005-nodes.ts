import type { Migration } from '../migrate.ts'

/**
 * What the processes on one database tell each other: which of them are alive, and who failed to log
 * in. With SQLite there is one process, and both stay empty. Times are milliseconds since the epoch.
 */
export const NODES: Migration = {
  number: 5,
  name: 'nodes',
  step: 'expand',
  statements: ({ blob, clustered }) => [
    `CREATE TABLE nodes (
      node_id TEXT PRIMARY KEY,
      seen_at BIGINT NOT NULL
    ) ${clustered}`,
    `CREATE TABLE login_failures (
      failure_key ${blob} PRIMARY KEY,
      failures BIGINT NOT NULL,
      until_at BIGINT NOT NULL,
      last_at BIGINT NOT NULL
    ) ${clustered}`,
    'CREATE INDEX login_failures_age ON login_failures (last_at)',
  ],
}
