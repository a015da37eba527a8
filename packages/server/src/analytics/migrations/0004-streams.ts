import type { Migration } from '../../store/store.ts'

/**
 * What quality on Kafka keeps, partition by partition of `events-by-player`. A checkpoint's row is
 * moved by compare-and-set, and everything else that its partition's records have changed is written in
 * the same transaction.
 */
export const STREAMS: Migration = {
  number: 4,
  name: 'streams',
  statements: ({ schema, text, clustered }) => [
    `CREATE TABLE ${schema}stream_checkpoints (
      topic ${text} NOT NULL,
      partition_number BIGINT NOT NULL,
      next_offset BIGINT NOT NULL,
      seen ${text} NOT NULL,
      PRIMARY KEY (topic, partition_number)
    ) ${clustered}`,
    // What did not go through the books: only here can a second one be told.
    `CREATE TABLE ${schema}stream_event_ids (
      app ${text} NOT NULL,
      event_id ${text} NOT NULL,
      part BIGINT NOT NULL,
      fingerprint ${text} NOT NULL,
      received_at BIGINT NOT NULL,
      PRIMARY KEY (app, event_id, part)
    ) ${clustered}`,
    `CREATE INDEX stream_event_ids_received ON ${schema}stream_event_ids (received_at)`,
    // By partition, so that no two replicas wait for one row.
    `CREATE TABLE ${schema}stream_counts (
      app ${text} NOT NULL,
      minute BIGINT NOT NULL,
      partition_number BIGINT NOT NULL,
      enriched BIGINT NOT NULL,
      rejected BIGINT NOT NULL,
      duplicates BIGINT NOT NULL,
      conflicts BIGINT NOT NULL,
      PRIMARY KEY (app, minute, partition_number)
    ) ${clustered}`,
    `CREATE TABLE ${schema}stream_rates (
      topic ${text} NOT NULL,
      partition_number BIGINT NOT NULL,
      day BIGINT NOT NULL,
      currency ${text} NOT NULL,
      usd_per_unit ${text} NOT NULL,
      PRIMARY KEY (topic, partition_number, day, currency)
    ) ${clustered}`,
  ],
}
