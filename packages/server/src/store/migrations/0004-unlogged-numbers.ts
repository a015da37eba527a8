import type { Migration } from '../migrate.ts'

/**
 * The numbers (`seq`) of events that arrived and have no place in the log: rejected ones, conflicts,
 * and a store's transaction that came again. They did not get lost, and measured loss must know of
 * them for as long as it can be counted anew from the log. `log_offset` is that of the next event that
 * was to be logged, with which they are read: so they have a place in the order of the log.
 */
export const UNLOGGED_NUMBERS: Migration = {
  number: 4,
  name: 'unlogged-numbers',
  step: 'expand',
  statements: ({ clustered }) => [
    `CREATE TABLE unlogged_numbers (
      log_offset BIGINT NOT NULL,
      app TEXT NOT NULL,
      device_id TEXT NOT NULL,
      seq BIGINT NOT NULL,
      sdk TEXT NOT NULL,
      version TEXT NOT NULL,
      PRIMARY KEY (log_offset, app, device_id, seq)
    ) ${clustered}`,
  ],
}
