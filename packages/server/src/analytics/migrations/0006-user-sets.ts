import type { Migration } from '../../store/store.ts'

/**
 * When each set of users was last asked for, so that it can be let go of; and the clock of the log that
 * says when that is. Sets that were there before count as asked for in the newest hour of all: what a
 * rebuild finds otherwise in these two tables, it puts right once.
 */
export const USER_SETS: Migration = {
  number: 6,
  name: 'user-sets',
  statements: ({ schema, text, clustered }) => [
    `CREATE TABLE ${schema}window_user_sets (
      grain ${text} NOT NULL,
      start BIGINT NOT NULL,
      app ${text} NOT NULL,
      touched_at BIGINT NOT NULL,
      missed BIGINT NOT NULL,
      has_users BIGINT NOT NULL,
      PRIMARY KEY (grain, start, app)
    ) ${clustered}`,
    `CREATE INDEX window_user_sets_touched
      ON ${schema}window_user_sets (grain, touched_at, start, app) WHERE has_users = 1`,
    `CREATE TABLE ${schema}window_clock (
      name ${text} PRIMARY KEY,
      hour_at BIGINT NOT NULL
    ) ${clustered}`,
    `INSERT INTO ${schema}window_clock (name, hour_at)
      SELECT 'received', max(start) FROM ${schema}window_users
      WHERE grain = 'hour' HAVING max(start) IS NOT NULL`,
    `INSERT INTO ${schema}window_user_sets (grain, start, app, touched_at, missed, has_users)
      SELECT DISTINCT u.grain, u.start, u.app, c.hour_at, 0, 1
      FROM ${schema}window_users u CROSS JOIN ${schema}window_clock c`,
  ],
}
