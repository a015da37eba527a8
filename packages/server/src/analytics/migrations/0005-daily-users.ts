import type { Migration } from '../../store/store.ts'

/** The report of daily users, where Flink counts them: whoever has a file asks the lake. */
export const DAILY_USERS: Migration = {
  number: 5,
  name: 'daily-users',
  statements: ({ schema, text }) =>
    schema === ''
      ? []
      : [
          `CREATE TABLE ${schema}daily_users (
            date ${text} NOT NULL,
            country ${text} NOT NULL,
            country_code ${text} NOT NULL,
            platform ${text} NOT NULL,
            distinct_users BIGINT NOT NULL,
            PRIMARY KEY (date, country_code, platform)
          )`,
        ],
}
