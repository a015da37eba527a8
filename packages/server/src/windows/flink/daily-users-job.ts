import { KPI_ALL as ALL } from '@questline/contracts'
import { countryOf, UNKNOWN } from '../../quality/quality.ts'
import { GROUPING_SETS } from '../fact-columns.ts'
import { IS_EVENT } from './facts-sql.ts'
import type { Job } from './job.ts'
import { batchProperties, type Days, type MinutesSettings } from './minutes-job.ts'
import { enrichedWhole, type FlinkTables, postgresTable, text } from './tables.ts'

const NAME = 'questline-daily-users'

/** A table in PostgreSQL with the rows of the report of daily users. */
export const DAILY_USERS_COLUMNS = {
  date: 'STRING',
  country: 'STRING',
  country_code: 'STRING',
  platform: 'STRING',
  distinct_users: 'BIGINT',
} as const
const KEY = ['date', 'country_code', 'platform'] as const

/**
 * Distinct users of each day, by country and platform and their roll-ups, over all apps: as the
 * report over the lake counts them, with Flink over the topic.
 * @param days null: all that the topic holds
 */
export function dailyUsersJob(
  tables: FlinkTables,
  { parallelism }: Pick<MinutesSettings, 'parallelism'>,
  days: Days | null,
): Job {
  const range = days === null ? [] : [`time_ms >= ${days.from} AND time_ms < ${days.to}`]
  const where = [IS_EVENT, 'user_id IS NOT NULL', ...range].join('\n  AND ')
  const sets = GROUPING_SETS.map((set) => `(${set.join(', ')})`).join(', ')
  return {
    name: NAME,
    properties: batchProperties(NAME, parallelism),
    definitions: [
      enrichedWhole(tables, NAME, days?.from ?? null),
      postgresTable(tables, 'analytics.daily_users', DAILY_USERS_COLUMNS, KEY),
      `CREATE TEMPORARY VIEW countries AS
SELECT * FROM (VALUES ${countries()}) AS c (code, country)`,
      `CREATE TEMPORARY VIEW actives AS
SELECT CAST(CAST(TO_TIMESTAMP_LTZ(time_ms, 3) AS DATE) AS STRING) AS utc_day, app, user_id,
  COALESCE(country_code, ${text(UNKNOWN)}) AS country_code,
  CASE WHEN platform IS NULL OR platform = ${text(ALL)} THEN ${text(UNKNOWN)} ELSE platform END AS platform
FROM events_enriched
WHERE ${where}`,
      `CREATE TEMPORARY VIEW users AS
SELECT utc_day, app, user_id, country_code, platform
FROM (SELECT DISTINCT utc_day, app, user_id, country_code, platform FROM actives)
GROUP BY utc_day, app, user_id, GROUPING SETS (${sets})`,
      `CREATE TEMPORARY VIEW user_counts AS
SELECT utc_day, COALESCE(country_code, ${text(ALL)}) AS country_code,
  COALESCE(platform, ${text(ALL)}) AS platform, COUNT(*) AS distinct_users
FROM users
GROUP BY utc_day, country_code, platform`,
    ],
    inserts: [
      `INSERT INTO daily_users
SELECT utc_day, COALESCE(countries.country, country_code), country_code, platform, distinct_users
FROM user_counts LEFT JOIN countries ON country_code = countries.code`,
    ],
  }
}

const LETTERS = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ']

/** Every code that has a name, with it: Flink knows none. */
function countries(): string {
  const codes = LETTERS.flatMap((first) => LETTERS.map((second) => first + second))
  return codes
    .map((code) => countryOf(code))
    .flatMap(({ code, name }, index) =>
      code === codes[index] ? [`(${text(code)}, ${text(name)})`] : [],
    )
    .join(', ')
}
