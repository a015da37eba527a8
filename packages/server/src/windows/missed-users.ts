import { onAnalytics } from '../analytics/analytics.ts'
import type { Read } from '../store/store.ts'
import type { Grain } from './grains.ts'
import { parseSum, type Sum } from './sums.ts'

const MISSED = onAnalytics(
  'windows.missed-users',
  `SELECT start, CAST(sum(missed) AS TEXT) AS missed FROM analytics.window_user_sets
  WHERE grain = $1 AND start >= $2 AND start < $3 AND missed > 0
    AND (CAST($4 AS TEXT) IS NULL OR app = $4)
  GROUP BY start`,
)

/**
 * How often an event named somebody when the set of users of a window was closed already, by the
 * beginning of the window: at most so many users are missing there, in whatever place. `to` is not
 * included; windows that miss nobody are left out.
 * @param app null: all apps together
 */
export async function readMissed(
  read: Read,
  grain: Grain,
  from: number,
  to: number,
  app: string | null,
): Promise<ReadonlyMap<number, Sum>> {
  type Row = { readonly start: number; readonly missed: string }
  const rows = await read<Row>(MISSED, [grain, from, to, app])
  return new Map(rows.map(({ start, missed }) => [start, parseSum(missed)]))
}
