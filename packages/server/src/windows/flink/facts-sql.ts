import { KPI_ALL as ALL } from '@questline/contracts'
import { UNKNOWN } from '../../quality/quality.ts'
import { FACT_KEY, GROUPING_SETS } from '../fact-columns.ts'
import { GRAIN_MS, type Grain } from '../grains.ts'
import type { Metric } from '../window-facts.ts'
import { columnList, text } from './tables.ts'

/** Everything that stands in the topic and is an event that happened: no heartbeat, no table of rates. */
export const IS_EVENT = "(kind IS NOT NULL AND NOT (kind = 'server' AND event_type = 'rates'))"

/**
 * Late is a function of the record: received so long after the end of its minute. Whoever asks when,
 * and after however many restarts, the answer is the same.
 */
export const isLate = (graceMs: number): string =>
  `(received_ms >= time_ms - MOD(time_ms, ${GRAIN_MS.minute}) + ${GRAIN_MS.minute + graceMs})`

const metric = (name: Metric): string => text(name)

/** What is told apart within a window, at its different stages. */
const WINDOW = 'window_start, window_end'
const PLACE = 'country_code, platform'
const FACT = 'metric, label'

const GROUPED = `GROUPING SETS (${GROUPING_SETS.map((set) => `(${set.join(', ')})`).join(', ')})`
/** What a grouping set has folded is NULL, and nothing else is. */
const FOLDED = ['country_code', 'platform']
  .map((name) => `COALESCE(${name}, ${text(ALL)}) AS ${name}`)
  .join(', ')

const view = (name: string, select: string): string =>
  `CREATE TEMPORARY VIEW ${name} AS\n${select.trim()}`

/**
 * Views from `events_enriched` to `<grain>_facts`: the rows of `window_facts`, as tally.ts has them.
 * Each aggregation is one of windows, so that nothing is kept for longer than a window is open.
 * @param where which of the events are counted
 */
export function factViews(grain: Grain, where: string): readonly string[] {
  const name = (of: string): string => `${grain}_${of}`
  return [
    // A platform of that very name would be counted as all of them, as places.ts says.
    view(
      name('events'),
      `
SELECT event_time, app, kind, COALESCE(label, event_type) AS event_type, COALESCE(part, 0) AS part,
  COALESCE(event_id, ${'`position`'}) AS event_id, user_id,
  COALESCE(country_code, ${text(UNKNOWN)}) AS country_code,
  CASE WHEN platform IS NULL OR platform = ${text(ALL)} THEN ${text(UNKNOWN)} ELSE platform END AS platform,
  COALESCE(is_purchase, FALSE) AS is_purchase, currency, amount_micros, revenue_usd_micros
FROM events_enriched
WHERE ${where}`,
    ),
    ...sumViews(grain, name),
    ...memberViews(grain, name),
    // In minutes since the epoch, so that no time zone has a word in it.
    view(
      name('facts'),
      `
SELECT ${text(grain)} AS grain, platform,
  CAST(TIMESTAMPDIFF(MINUTE, TIMESTAMP '1970-01-01 00:00:00', window_start) AS BIGINT) * ${GRAIN_MS.minute} AS ${'`start`'},
  app, country_code, metric, label, amount AS ${'`value`'}
FROM (
  SELECT window_start, app, ${FACT}, amount, ${FOLDED} FROM ${name('sums')}
  UNION ALL
  SELECT window_start, app, ${FACT}, amount, ${PLACE} FROM ${name('counts')}
)
WHERE amount <> 0`,
    ),
  ]
}

export function insertFacts(grain: Grain): string {
  const columns = columnList([...FACT_KEY, 'value'])
  return `INSERT INTO window_facts (${columns})\nSELECT ${columns} FROM ${grain}_facts`
}

const windowOf = (grain: Grain, of: string): string =>
  `TABLE(TUMBLE(TABLE ${of}, DESCRIPTOR(event_time), INTERVAL '1' ${grain.toUpperCase()}))`

type Name = (of: string) => string

/** What is added up where it was sent: the first part of everything but matches. */
const sumViews = (grain: Grain, name: Name): readonly string[] => [
  view(
    name('first_parts'),
    `
SELECT * FROM ${name('events')} WHERE part = 0 AND event_type <> 'match'`,
  ),
  // Copies end here: one row for each event, as it came first.
  view(
    name('singles'),
    `
SELECT * FROM (
  SELECT ${WINDOW}, app, event_type, ${PLACE}, is_purchase, currency, amount_micros, revenue_usd_micros,
    ROW_NUMBER() OVER (PARTITION BY ${WINDOW}, app, event_id ORDER BY event_time) AS copy_number
  FROM ${windowOf(grain, name('first_parts'))}
)
WHERE copy_number = 1`,
  ),
  view(
    name('sums_by_place'),
    `
SELECT ${WINDOW}, app, ${PLACE}, event_type, CASE WHEN is_purchase THEN currency END AS currency,
  COUNT(*) AS event_count,
  COUNT(*) FILTER (WHERE is_purchase) AS purchase_count,
  SUM(revenue_usd_micros) FILTER (WHERE is_purchase) AS revenue,
  SUM(amount_micros) FILTER (WHERE is_purchase AND revenue_usd_micros IS NULL) AS unconverted
FROM ${name('singles')}
GROUP BY ${WINDOW}, app, ${PLACE}, event_type, CASE WHEN is_purchase THEN currency END`,
  ),
  view(
    name('sums'),
    `
SELECT ${WINDOW}, app, ${PLACE}, ${FACT}, SUM(amount) AS amount
FROM (
  SELECT ${WINDOW}, app, ${PLACE}, f.metric, f.label, f.amount
  FROM ${name('sums_by_place')} CROSS JOIN UNNEST(ARRAY[
    ROW(${metric('events')}, event_type, event_count),
    ROW(${metric('purchases')}, '', purchase_count),
    ROW(${metric('revenue_usd_micros')}, '', revenue),
    ROW(${metric('unconverted')}, currency, unconverted)
  ]) AS f (metric, label, amount)
  WHERE f.amount <> 0
)
GROUP BY ${WINDOW}, app, ${FACT}, ${GROUPED}`,
  ),
]

/**
 * What is counted by who or which it is, in each place where it was: users, and matches, which are
 * where each of their players is. Copies add nothing to a set.
 */
const memberViews = (grain: Grain, name: Name): readonly string[] => [
  view(
    name('memberships'),
    `
SELECT event_time, app, ${PLACE}, m.metric, m.label, m.member_id
FROM ${name('events')} CROSS JOIN UNNEST(ARRAY[
  ROW(${metric('users')}, '', user_id),
  ROW(${metric('matches')}, '', CASE WHEN event_type = 'match' AND kind = 'game' THEN event_id END),
  ROW(${metric('events')}, 'match', CASE WHEN event_type = 'match' THEN event_id END)
]) AS m (metric, label, member_id)
WHERE m.member_id IS NOT NULL`,
  ),
  // First in their own places, by far the most in one: four rows of each only when the window closes.
  view(
    name('members_by_place'),
    `
SELECT ${WINDOW}, app, ${FACT}, member_id, ${PLACE}
FROM ${windowOf(grain, name('memberships'))}
GROUP BY ${WINDOW}, app, ${FACT}, member_id, ${PLACE}`,
  ),
  view(
    name('members'),
    `
SELECT ${WINDOW}, app, ${FACT}, member_id, ${PLACE}
FROM ${name('members_by_place')}
GROUP BY ${WINDOW}, app, ${FACT}, member_id, ${GROUPED}`,
  ),
  view(
    name('counts'),
    `
SELECT ${WINDOW}, app, ${FACT}, ${PLACE}, COUNT(*) AS amount
FROM (SELECT ${WINDOW}, app, ${FACT}, member_id, ${FOLDED} FROM ${name('members')})
GROUP BY ${WINDOW}, app, ${FACT}, ${PLACE}`,
  ),
]
