import type { Migration } from '../../store/store.ts'

/**
 * What one process asks of another that holds a lease: to be at this offset soon. A consumer that
 * gathers events for a while looks here whether somebody waits.
 */
export const REQUESTS: Migration = {
  number: 2,
  name: 'requests',
  statements: ({ schema, text, clustered }) => [
    `CREATE TABLE ${schema}requests (
      consumer ${text} PRIMARY KEY,
      log_offset BIGINT NOT NULL
    ) ${clustered}`,
  ],
}
