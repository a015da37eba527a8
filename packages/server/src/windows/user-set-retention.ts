import { insertOnAnalytics, onAnalytics } from '../analytics/analytics.ts'
import type { Read, Tx } from '../store/store.ts'
import { GRAIN_MS, GRAINS, type Grain, startOf } from './grains.ts'

const DAY = GRAIN_MS.day

/**
 * For how long after the last event that asked for a set its users are kept; no finer grain outlives
 * a coarser one.
 *
 * Our SDK keeps what it could not send for 30 days, and the log tells duplicates for 35: hours and days
 * stay exact for all of that. Minutes are nine tenths of the rows, and most of what is late is late
 * by less than a week.
 *
 * A constant and no setting: the rows are a function of the log and of these, so that with others a
 * rebuild would find everything otherwise.
 */
const USER_SETS_KEPT: Readonly<Record<Grain, number>> = {
  minute: 7 * DAY,
  hour: 35 * DAY,
  day: 35 * DAY,
}

/** More than a full batch of events adds, so that letting go keeps up. */
const PORTION_ROWS = 20_000
const PORTION_SETS = 500

const CLOCK = onAnalytics(
  'windows.clock',
  `SELECT hour_at AS "hour" FROM analytics.window_clock WHERE name = 'received'`,
)
const MOVE_CLOCK = insertOnAnalytics(
  'windows.move-clock',
  'analytics.window_clock',
  { name: 'text', hour_at: 'bigint' },
  'ON CONFLICT (name) DO UPDATE SET hour_at = excluded.hour_at',
)
const DUE = onAnalytics(
  'windows.user-sets-due',
  `SELECT start, app FROM analytics.window_user_sets
  WHERE grain = $1 AND has_users = 1 AND touched_at <= $2 ORDER BY touched_at, start, app LIMIT ${PORTION_SETS}`,
)
const DROP_USERS = onAnalytics(
  'windows.drop-users',
  `DELETE FROM analytics.window_users WHERE grain = $1 AND start = $2 AND app = $3 AND user_id IN (
    SELECT user_id FROM analytics.window_users
    WHERE grain = $1 AND start = $2 AND app = $3 ORDER BY user_id LIMIT $4)
  RETURNING 1 AS one`,
)
const DONE = onAnalytics(
  'windows.user-set-dropped',
  'UPDATE analytics.window_user_sets SET has_users = 0 WHERE (grain, start, app) = ($1, $2, $3)',
)

/**
 * The clock that sets are let go of by: the greatest hour of receipt in the log so far, and never the
 * time of day, so that whoever counts the log anew lets go of the same sets at the same events.
 */
export function createLogClock() {
  let hour: number | null = null
  let written: number | null = null
  return {
    /** Before the first event of a batch. */
    async read(tx: Tx): Promise<void> {
      if (hour === null) written = hour = await readClock(inside(tx))
    },
    /** @returns the hour that it is at this event */
    at(receivedAt: number): number {
      hour = Math.max(hour ?? 0, startOf('hour', receivedAt))
      return hour
    },
    /** After the last event of a batch; @returns the hour that it is then */
    async write(tx: Tx): Promise<number> {
      const now = hour ?? 0
      if (now !== (written ?? 0)) await tx.run(MOVE_CLOCK, [['received', now]])
      written = now
      return now
    },
    forget(): void {
      hour = written = null
    },
  }
}

/** Whether a set is closed: nobody is looked for in it any more, and its users may be gone. */
export const isClosed = (grain: Grain, touchedAt: number, hour: number): boolean =>
  touchedAt + USER_SETS_KEPT[grain] <= hour

/**
 * Deletes users of closed sets, a bounded number of them.
 * @returns whether none are left
 */
export async function dropClosed(tx: Tx, hour: number): Promise<boolean> {
  let rows = PORTION_ROWS
  for (const grain of GRAINS) {
    type Due = { readonly start: number; readonly app: string }
    const due = await tx.run<Due>(DUE, [[grain, hour - USER_SETS_KEPT[grain]]])
    for (const { start, app } of due) {
      const dropped = await tx.run(DROP_USERS, [[grain, start, app, rows]])
      rows -= dropped.length
      if (rows <= 0) return false
      await tx.run(DONE, [[grain, start, app]])
    }
    if (due.length >= PORTION_SETS) return false
  }
  return true
}

/** Deletes all users of closed sets, as of the clock of this file. */
export async function dropAllClosed(tx: Tx): Promise<void> {
  const hour = await readClock(inside(tx))
  if (hour === null) return
  while (!(await dropClosed(tx, hour))) {
    // The next portion.
  }
}

async function readClock(read: Read): Promise<number | null> {
  const [row] = await read<{ readonly hour: number }>(CLOCK, [])
  return row?.hour ?? null
}

const inside =
  (tx: Tx): Read =>
  (statement, values) =>
    tx.run(statement, [values])
