import type { Migration } from '../../store/store.ts'

/**
 * Of what did not go through the books: what was refused, under numbers of their own since it has no
 * offset of the log, and which event each transaction of a store belongs to. That is written before the
 * event counts, so that partitions agree on it.
 */
export const REFUSED_STREAMS: Migration = {
  number: 8,
  name: 'refused-streams',
  step: 'expand',
  statements: ({ schema, text, blob, serial, clustered }) => [
    `CREATE TABLE ${schema}stream_rejected_events (
      rejected_id ${serial} PRIMARY KEY,
      app ${text} NOT NULL,
      event_id ${text},
      event_type ${text},
      player_id ${text},
      reason ${text} NOT NULL,
      path ${text},
      stage ${text} NOT NULL,
      source ${text} NOT NULL,
      raw_offset BIGINT NOT NULL,
      raw ${blob} NOT NULL,
      envelope ${text},
      received_at BIGINT NOT NULL,
      replayed_offset BIGINT
    )`,
    `CREATE INDEX stream_rejected_events_received
      ON ${schema}stream_rejected_events (received_at)`,
    `CREATE TABLE ${schema}stream_transactions (
      app ${text} NOT NULL,
      store ${text} NOT NULL,
      transaction_id ${text} NOT NULL,
      player_id ${text},
      amount_micros BIGINT,
      currency ${text},
      owner ${text} NOT NULL,
      received_at BIGINT NOT NULL,
      PRIMARY KEY (app, store, transaction_id)
    ) ${clustered}`,
    `CREATE INDEX stream_transactions_received ON ${schema}stream_transactions (received_at)`,
  ],
}
