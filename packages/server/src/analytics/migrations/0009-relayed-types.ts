import type { Migration } from '../../store/store.ts'

/** The types of `POST /event` that a day of an app has, where the log goes through Kafka. */
export const RELAYED_TYPES: Migration = {
  number: 9,
  name: 'relayed-types',
  statements: ({ schema, text, clustered }) => [
    `CREATE TABLE ${schema}relayed_types (
      app ${text} NOT NULL,
      day BIGINT NOT NULL,
      event_type ${text} NOT NULL,
      PRIMARY KEY (app, day, event_type)
    ) ${clustered}`,
  ],
}
