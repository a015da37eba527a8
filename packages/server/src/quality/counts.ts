import { insertOnAnalytics, onAnalytics } from '../analytics/analytics.ts'
import type { Read, Tx } from '../store/store.ts'

const ADD = insertOnAnalytics(
  'quality.add-counts',
  'analytics.quality_counts',
  { app: 'text', minute: 'bigint', enriched: 'bigint', rejected: 'bigint' },
  `ON CONFLICT (app, minute) DO UPDATE SET enriched = quality_counts.enriched + excluded.enriched,
    rejected = quality_counts.rejected + excluded.rejected`,
)
const READ = onAnalytics(
  'quality.read-counts',
  `SELECT minute, sum(enriched) AS enriched, sum(rejected) AS rejected,
    sum(duplicates) AS duplicates, sum(conflicts) AS conflicts FROM (
    SELECT minute, enriched, rejected, 0 AS duplicates, 0 AS conflicts
    FROM analytics.quality_counts WHERE app = $1 AND minute >= $2 AND minute < $3
    UNION ALL SELECT minute, enriched, rejected, duplicates, conflicts
    FROM analytics.stream_counts WHERE app = $1 AND minute >= $2 AND minute < $3) AS counts
  GROUP BY minute ORDER BY minute`,
)

/** Game events of an app by the minute of their receipt, which is how the door counts them too. */
export type QualityCount = {
  readonly app: string
  readonly minute: number
  readonly enriched: number
  /** Refused and not replayed since. */
  readonly rejected: number
  /** Only quality could tell: of what did not go through the books. */
  readonly duplicates: number
  readonly conflicts: number
}

const MINUTE_MS = 60_000

export function createCounting() {
  const counts = new Map<
    string,
    { app: string; minute: number; enriched: number; rejected: number }
  >()
  let last: { app: string; minute: number; enriched: number; rejected: number } | undefined
  return {
    add(app: string, receivedAt: number, enriched: number, rejected: number): void {
      const minute = receivedAt - (receivedAt % MINUTE_MS)
      // Most are of the same app and minute as the one before.
      if (last?.minute !== minute || last.app !== app) {
        const key = `${minute}\n${app}`
        last = counts.get(key) ?? { app, minute, enriched: 0, rejected: 0 }
        counts.set(key, last)
      }
      last.enriched += enriched
      last.rejected += rejected
    },
    write: (tx: Tx) =>
      tx.run(
        ADD,
        [...counts.values()].map((of) => [of.app, of.minute, of.enriched, of.rejected]),
      ),
  }
}

/** By minute, wherever quality works; times in milliseconds, `to` not included. */
export async function readCounts(
  read: Read,
  app: string,
  from: number,
  to: number,
): Promise<QualityCount[]> {
  const rows = await read<Omit<QualityCount, 'app'>>(READ, [app, from, to])
  // PostgreSQL gives sums as text.
  return rows.map((row) => ({
    ...{ app, minute: Number(row.minute), enriched: Number(row.enriched) },
    ...{ rejected: Number(row.rejected), duplicates: Number(row.duplicates) },
    conflicts: Number(row.conflicts),
  }))
}
