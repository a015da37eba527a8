import { onAnalytics } from '../analytics/analytics.ts'
import type { Read, Store } from '../store/store.ts'

const ASK = onAnalytics(
  'lake.ask',
  `INSERT INTO analytics.requests (consumer, log_offset) VALUES ('lake', $1)
  ON CONFLICT (consumer) DO UPDATE
  SET log_offset = CASE WHEN requests.log_offset > excluded.log_offset
    THEN requests.log_offset ELSE excluded.log_offset END`,
)
const ASKED = onAnalytics(
  'lake.asked',
  'SELECT log_offset AS "offset" FROM analytics.requests WHERE consumer = \'lake\'',
)

/** Asks whoever writes the lake to be at this offset soon, and not to gather events for longer. */
export const askLake = (analytics: Store, offset: number): Promise<void> =>
  analytics.transaction(async (tx) => {
    await tx.run(ASK, [[offset]])
  })

/** The newest offset that somebody waits for; 0 when nobody ever did. */
export const askedOf = async (read: Read): Promise<number> =>
  (await read<{ readonly offset: number }>(ASKED, []))[0]?.offset ?? 0
