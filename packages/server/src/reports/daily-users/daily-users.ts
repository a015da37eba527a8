// Distinct users per day, country and platform, and their roll-ups, counted by DuckDB over the events
// that the lake holds. Every event counts whom it makes active where it happened, so a player with two
// platforms on a day counts in both, and a roll-up is counted anew and never added up.
import { type Lake, text } from '../../lake/lake.ts'

/** In place of what a roll-up does not tell apart. */
export const ALL = '(ALL)'

export type DailyUsers = {
  /** UTC day, as `2026-03-01`. */
  readonly date: string
  /** Its English name. */
  readonly country: string
  readonly country_code: string
  readonly platform: string
  readonly distinct_users: number
}

export type DailyUsersQuery = {
  /** Both included; null for all that there is. */
  readonly from: string | null
  readonly to: string | null
  /** null: of all apps. */
  readonly app: string | null
}

/**
 * The days in their order, and in each the rows by country, then platform: those of one country and
 * platform, and the roll-ups, which have `(ALL)` in the columns that they fold.
 */
export async function dailyUsers(
  { engine }: Lake,
  { from, to, app }: DailyUsersQuery,
): Promise<readonly DailyUsers[]> {
  const conditions = [
    "kind <> 'server'",
    ...(from === null ? [] : [`"date" >= ${text(from)}::DATE`]),
    ...(to === null ? [] : [`"date" <= ${text(to)}::DATE`]),
    ...(app === null ? [] : [`app = ${text(app)}`]),
  ]
  const rows = await engine.rows(`
    WITH active AS (
      -- DISTINCT beside unnest drops rows that differ in its columns, so it comes after.
      SELECT DISTINCT * FROM (
        SELECT "date", app, unnest(players, recursive := true)
        FROM events_enriched WHERE ${conditions.join(' AND ')})),
    -- One number for each user: the sets that are counted then hold numbers and not texts.
    users AS (
      SELECT "date", dense_rank() OVER (ORDER BY app, id) AS user, country, country_code, platform
      FROM active)
    SELECT strftime("date", '%Y-%m-%d') AS date,
      coalesce(country, '${ALL}') AS country, coalesce(country_code, '${ALL}') AS country_code,
      coalesce(platform, '${ALL}') AS platform, count(DISTINCT user) AS distinct_users
    FROM users
    GROUP BY GROUPING SETS ((date, country, country_code, platform),
      (date, country, country_code), (date, platform), (date))
    ORDER BY date, grouping(country_code), country_code, grouping(platform), platform`)
  return rows.map((row) => ({
    date: String(row['date']),
    country: String(row['country']),
    country_code: String(row['country_code']),
    platform: String(row['platform']),
    distinct_users: Number(row['distinct_users']),
  }))
}
