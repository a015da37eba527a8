import type { Store } from '../port.ts'
import { shared, spelled } from '../statement.ts'

// On PostgreSQL the events of games lie in partitions: see migrations/0006-partitions.ts. All of
// this is nothing on SQLite.

/** Whether what is old goes with its partition, and not row by row. */
export const hasPartitions = ({ dialect }: Store): boolean => dialect === 'postgres'

const DAY_MS = 86_400_000
const WEEK_MS = 7 * DAY_MS
/** Weeks of ids that have a partition before the first id of theirs can come. */
const WEEKS_AHEAD = 2
/** Offsets of a partition: a day's, within these. The least is some 400 MB. */
const SPAN = { least: 2 ** 22, most: 2 ** 28 }
/** Three minutes and more of the most that we have measured, while sweeps come every minute. */
const AHEAD_MIN = 2 ** 25
/** The pace is that of so many offsets, or of all. */
const PACE_OFFSETS = 2 ** 24

const STATE = spelled('log.partitions', {
  sqlite: 'SELECT 0 AS head, 0 AS "upper", 0 AS "week"',
  postgres: `SELECT log_offset AS head,
      (SELECT max(upper) FROM log_partitions WHERE parent = 'event_batches') AS "upper",
      (SELECT lower FROM log_partitions WHERE name = 'known_event_ids_future') AS "week"
    FROM log_head`,
})
const SINCE = shared(
  'log.received-since',
  `SELECT received_at AS "at", last_offset AS "offset" FROM event_batches
  WHERE last_offset >= $1 ORDER BY last_offset LIMIT 1`,
)

/** For a writer that came to the end of the last one. */
export const MORE_PARTITIONS = `SELECT event_batches_ahead(log_offset + ${AHEAD_MIN}, ${SPAN.least}) FROM log_head`

type State = { readonly head: number; readonly upper: number; readonly week: number }

/**
 * Makes the partitions that will be needed, far enough ahead that no writer ever waits for one.
 * Before the first request, and then by the sweeps of every node.
 * @param now milliseconds since the epoch
 */
export async function keepPartitionsAhead(store: Store, now: number): Promise<void> {
  if (!hasPartitions(store)) return
  const [state] = await store.read<State>(STATE, [])
  if (!state) throw new Error('the log has no head')
  const week = Math.floor(now / WEEK_MS) + WEEKS_AHEAD
  if (state.week <= week) await store.script([`SELECT event_ids_ahead(${week})`])
  const span = await spanFor(store, state.head, now)
  const until = state.head + Math.max(AHEAD_MIN, 2 * span)
  if (state.upper < until) await store.script([`SELECT event_batches_ahead(${until}, ${span})`])
}

/** A power of two near what a day brings. */
async function spanFor(store: Store, head: number, now: number): Promise<number> {
  const [since] = await store.read<{ at: number; offset: number }>(SINCE, [
    Math.max(0, head - PACE_OFFSETS),
  ])
  if (!since) return SPAN.least
  // A first minute says little about a day.
  const days = Math.max(now - since.at, DAY_MS / 24) / DAY_MS
  const perDay = (head - since.offset) / days
  const span = 2 ** Math.ceil(Math.log2(Math.max(1, perDay)))
  return Math.min(SPAN.most, Math.max(SPAN.least, span))
}

/**
 * Lets go of what lies in the log up to an offset, as far as whole partitions hold nothing else: the
 * payloads of one partition, the ids of one week, and single ids only where they lie outside of
 * weeks. Later calls let go of the next. Only for offsets whose events were read back elsewhere.
 */
export async function expirePartitions(store: Store, through: number): Promise<void> {
  if (!hasPartitions(store) || through === 0) return
  const [newest] = await store.read<{ at: number }>(SINCE, [through])
  const oldest = Math.floor((newest?.at ?? 0) / WEEK_MS)
  await store.script([`SELECT event_batches_expire(${through})`])
  await store.script([`SELECT event_ids_expire(${through}, ${oldest})`])
}
