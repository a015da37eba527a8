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

type GroupingSet = (typeof GROUPING_SETS)[number]
const groupingSets = (sets: readonly GroupingSet[]): string =>
  `GROUPING SETS (${sets.map((set) => `(${set.join(', ')})`).join(', ')})`
const GROUPED = groupingSets(GROUPING_SETS)
/** Those in which something is folded. */
const ROLLED_UP = groupingSets(GROUPING_SETS.filter((set) => set.length < 2))
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
 * where each of their players is. Copies add nothing to a set. What a window keeps, and what it sends
 * on when it closes, are rows of a member: each is told apart as seldom as can be.
 */
const memberViews = (grain: Grain, name: Name): readonly string[] => [
  // In the order of the aggregation: another one would be a step between two more exchanges.
  view(
    name('memberships'),
    `
SELECT app, FALSE AS is_match, user_id AS member_id, ${PLACE}, 0 AS of_game, event_time
FROM ${name('events')} WHERE user_id IS NOT NULL
UNION ALL
SELECT app, TRUE AS is_match, event_id AS member_id, ${PLACE}, CASE WHEN kind = 'game' THEN 1 ELSE 0 END AS of_game, event_time
FROM ${name('events')} WHERE event_type = 'match' AND event_id IS NOT NULL`,
  ),
  // First in their own places, by far the most in one: more rows of each only when the window closes.
  view(
    name('members_by_place'),
    `
SELECT ${WINDOW}, app, is_match, member_id, ${PLACE}, MAX(of_game) AS of_game
FROM ${windowOf(grain, name('memberships'))}
GROUP BY ${WINDOW}, app, is_match, member_id, ${PLACE}`,
  ),
  // By both they are told apart already: what is left are the roll-ups.
  view(
    name('members'),
    `
SELECT ${WINDOW}, app, is_match, member_id, ${PLACE}, MAX(of_game) AS of_game
FROM ${name('members_by_place')}
GROUP BY ${WINDOW}, app, is_match, member_id, ${ROLLED_UP}`,
  ),
  view(
    name('members_counted'),
    `
SELECT ${WINDOW}, app, is_match, ${PLACE}, COUNT(*) AS members, COUNT(*) FILTER (WHERE of_game = 1) AS games
FROM (
  SELECT ${WINDOW}, app, is_match, ${PLACE}, of_game FROM ${name('members_by_place')}
  UNION ALL
  SELECT ${WINDOW}, app, is_match, ${FOLDED}, of_game FROM ${name('members')}
)
GROUP BY ${WINDOW}, app, is_match, ${PLACE}`,
  ),
  view(
    name('counts'),
    `
SELECT window_start, app, f.metric, f.label, ${PLACE}, f.amount
FROM ${name('members_counted')} CROSS JOIN UNNEST(ARRAY[
  ROW(${metric('users')}, '', CASE WHEN is_match THEN 0 ELSE members END),
  ROW(${metric('events')}, 'match', CASE WHEN is_match THEN members ELSE 0 END),
  ROW(${metric('matches')}, '', games)
]) AS f (metric, label, amount)`,
  ),
]
