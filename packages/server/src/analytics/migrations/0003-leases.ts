import type { Migration } from '../../store/store.ts'

/**
 * Who does what only one process at a time may do, where processes share no machine whose locks would
 * say it. Times are those of the database. On a file of SQLite it stays empty.
 */
export const LEASES: Migration = {
  number: 3,
  name: 'leases',
  statements: ({ schema, text, clustered }) => [
    `CREATE TABLE ${schema}leases (
      name ${text} PRIMARY KEY,
      holder ${text} NOT NULL,
      token BIGINT NOT NULL,
      expires_at BIGINT NOT NULL
    ) ${clustered}`,
  ],
}
