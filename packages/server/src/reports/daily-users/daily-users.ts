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
 * @param nameOf the English name of a country, by its code
 */
export async function dailyUsers(
  { engine }: Lake,
  { from, to, app }: DailyUsersQuery,
  nameOf: (code: string) => string,
): Promise<readonly DailyUsers[]> {
  const conditions = [
    ...(from === null ? [] : [`"date" >= ${text(from)}::DATE`]),
    ...(to === null ? [] : [`"date" <= ${text(to)}::DATE`]),
    ...(app === null ? [] : [`app = ${text(app)}`]),
  ]
  const where = (condition: string) => `WHERE ${[condition, ...conditions].join(' AND ')}`
  const rows = await engine.rows(`
    WITH events AS (
      SELECT "date", app, user_id, country_code, platform
      FROM events_enriched ${where('user_id IS NOT NULL')}
      UNION ALL
      SELECT "date", app, user_id, country_code, platform
      FROM further_users ${where('user_id IS NOT NULL')}),
    active AS MATERIALIZED (SELECT DISTINCT * FROM events),
    -- A number for each user: sets of numbers are counted sooner than sets of texts.
    users AS (
      SELECT app, user_id, row_number() OVER () AS user FROM (SELECT DISTINCT app, user_id FROM active))
    SELECT strftime("date", '%Y-%m-%d') AS date, coalesce(country_code, '${ALL}') AS country_code,
      coalesce(platform, '${ALL}') AS platform, count(DISTINCT user) AS distinct_users
    FROM active JOIN users USING (app, user_id)
    GROUP BY GROUPING SETS (("date", country_code, platform),
      ("date", country_code), ("date", platform), ("date"))
    ORDER BY "date", grouping(country_code), country_code, grouping(platform), platform`)
  return rows.map((row) => {
    const code = String(row['country_code'])
    return {
      date: String(row['date']),
      country: code === ALL ? ALL : nameOf(code),
      country_code: code,
      platform: String(row['platform']),
      distinct_users: Number(row['distinct_users']),
    }
  })
}
