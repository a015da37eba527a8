import { type Store, shared } from '../store/store.ts'
import { HOUR_MS, hourOf } from './append.ts'

/** `from` is included, `to` is not; milliseconds since the epoch. */
export type EventFilter = {
  readonly eventType: string | null
  readonly from: number | null
  readonly to: number | null
}
export type EventRow = {
  readonly offset: number
  readonly eventType: string
  readonly occurredAt: number
  readonly payload: string | null
}
export type EventPage = { readonly events: readonly EventRow[]; readonly total: number }
export type Count = { readonly eventType: string; readonly count: number }
export type StatsPage = { readonly counts: readonly Count[]; readonly total: number }

/** Times in the log lie well within these, so that a filter without a bound needs no other statement. */
const EARLIEST = Number.MIN_SAFE_INTEGER
const LATEST = Number.MAX_SAFE_INTEGER

const OF_PLAYER = `player_id = $1 AND occurred_at >= $2 AND occurred_at < $3
  AND (CAST($4 AS TEXT) IS NULL OR event_type = $4)`
// Counted in each part: SQLite takes four times as long to count the rows of a view of two.
const COUNT_OF_PLAYER = shared(
  'log.count-of-player',
  `SELECT (SELECT count(*) FROM indexed_player_events WHERE ${OF_PLAYER})
    + (SELECT count(*) FROM newest_player_events WHERE ${OF_PLAYER}) AS total`,
)
const PAGE_OF_PLAYER = shared(
  'log.page-of-player',
  `SELECT log_offset AS "offset", event_type AS "eventType", occurred_at AS "occurredAt", payload
  FROM player_events WHERE ${OF_PLAYER}
    AND (occurred_at, log_offset) < ($5, $6)
  ORDER BY occurred_at DESC, log_offset DESC LIMIT $7 OFFSET $8`,
)
const statsOfPart = (part: string): string =>
  `SELECT event_type AS "eventType", count(*) AS count FROM ${part} WHERE ${OF_PLAYER} GROUP BY event_type`
const STATS_OF_PLAYER = shared(
  'log.stats-of-player',
  `${statsOfPart('indexed_player_events')} UNION ALL ${statsOfPart('newest_player_events')}`,
)
const OF_TYPE_AND_APP =
  '(CAST($3 AS TEXT) IS NULL OR event_type = $3) AND (CAST($4 AS TEXT) IS NULL OR app = $4)'
const STATS_OF_HOURS = shared(
  'log.stats-of-hours',
  `SELECT event_type AS "eventType", sum(events) AS count
  FROM event_counts WHERE hour >= $1 AND hour < $2 AND ${OF_TYPE_AND_APP} GROUP BY event_type`,
)
const STATS_OF_TIME = shared(
  'log.stats-of-time',
  `SELECT event_type AS "eventType", count(*) AS count
  FROM event_log WHERE occurred_at >= $1 AND occurred_at < $2 AND ${OF_TYPE_AND_APP} GROUP BY event_type`,
)

export type PagePosition = { readonly occurredAt: number; readonly offset: number }

export async function eventsOfPlayer(
  store: Store,
  playerId: string,
  filter: EventFilter,
  page: { readonly limit: number; readonly skip: number; readonly before: PagePosition | null },
): Promise<EventPage> {
  const bounds = [playerId, filter.from ?? EARLIEST, filter.to ?? LATEST, filter.eventType]
  const before = page.before ?? { occurredAt: LATEST, offset: LATEST }
  const [events, [count]] = await Promise.all([
    store.read<EventRow>(PAGE_OF_PLAYER, [
      ...bounds,
      before.occurredAt,
      before.offset,
      page.limit,
      page.skip,
    ]),
    store.read<{ total: number }>(COUNT_OF_PLAYER, bounds),
  ])
  return { events, total: count?.total ?? 0 }
}

export async function statsOfPlayer(store: Store, playerId: string, filter: EventFilter) {
  const bounds = [playerId, filter.from ?? EARLIEST, filter.to ?? LATEST, filter.eventType]
  return sumByType(await store.read<Count>(STATS_OF_PLAYER, bounds))
}

/** Whole hours come from the counts, the partial first and last hour from the log. `app` null: every app. */
export async function statsOfAll(store: Store, app: string | null, filter: EventFilter) {
  const from = filter.from ?? EARLIEST
  const to = filter.to ?? LATEST
  const rest = [filter.eventType, app]
  const firstWhole = filter.from === null ? EARLIEST : hourOf(from + HOUR_MS - 1)
  const lastWhole = filter.to === null ? LATEST : hourOf(to)
  if (firstWhole >= lastWhole) return store.read<Count>(STATS_OF_TIME, [from, to, ...rest])
  const parts = await Promise.all([
    store.read<Count>(STATS_OF_TIME, [from, firstWhole, ...rest]),
    store.read<Count>(STATS_OF_HOURS, [firstWhole, lastWhole, ...rest]),
    store.read<Count>(STATS_OF_TIME, [lastWhole, to, ...rest]),
  ])
  return sumByType(parts.flat())
}

function sumByType(counts: readonly Count[]): Count[] {
  const sums = new Map<string, number>()
  for (const { eventType, count } of counts) {
    sums.set(eventType, (sums.get(eventType) ?? 0) + count)
  }
  return [...sums].map(([eventType, count]) => ({ eventType, count }))
}
