import { insertOnAnalytics, onAnalytics } from '../analytics/analytics.ts'
import type { Read, Tx } from '../store/store.ts'

const MARK = insertOnAnalytics(
  'windows.mark-change',
  'analytics.window_changes',
  { start: 'bigint', changed_offset: 'bigint' },
  `ON CONFLICT (start) DO UPDATE SET changed_offset = excluded.changed_offset`,
)
const SINCE = onAnalytics(
  'windows.changes-since',
  `SELECT start, changed_offset AS "offset" FROM analytics.window_changes
  WHERE (changed_offset, start) > ($1, $2) ORDER BY changed_offset, start LIMIT $3`,
)

const NEWEST = onAnalytics(
  'windows.newest-changes',
  `SELECT start, changed_offset AS "offset" FROM analytics.window_changes
  ORDER BY changed_offset DESC, start DESC LIMIT $1`,
)

const NOTED = onAnalytics(
  'windows.is-noted',
  'SELECT start FROM analytics.window_changes WHERE start = $1',
)

/** A minute, and the offset of the last event that changed it. */
export type WindowChange = { readonly start: number; readonly offset: number }

export const markChanges = (tx: Tx, changes: ReadonlyMap<number, number>) =>
  tx.run(MARK, [...changes])

/** The minutes that changed after an offset, the earliest change first. */
export const changesSince = (
  read: Read,
  after: { readonly offset: number; readonly start: number },
  limit: number,
): Promise<WindowChange[]> => read(SINCE, [after.offset, after.start, limit])

/** Whether a minute has ever changed, which is when anything is in it. */
export const isNoted = async (read: Read, start: number): Promise<boolean> =>
  (await read(NOTED, [start])).length > 0

/** The minute that changed last; null before the first. */
export const newestChange = async (read: Read): Promise<WindowChange | null> =>
  (await newestChanges(read, 1))[0] ?? null

/** The minutes that changed last, the latest change first. */
export const newestChanges = (read: Read, limit: number): Promise<WindowChange[]> =>
  read(NEWEST, [limit])
