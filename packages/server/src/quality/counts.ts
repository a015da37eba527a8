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
  `SELECT minute, enriched, rejected, 0 AS duplicates, 0 AS conflicts FROM analytics.quality_counts
  WHERE app = $1 AND minute >= $2 AND minute < $3 ORDER BY minute`,
)
/** A row for each partition; what quality on Kafka has counted. */
const READ_STREAMS = onAnalytics(
  'quality.read-stream-counts',
  `SELECT minute, enriched, rejected, duplicates, conflicts FROM analytics.stream_counts
  WHERE app = $1 AND minute >= $2 AND minute < $3 ORDER BY minute, partition_number`,
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
  type Row = Omit<QualityCount, 'app'>
  const own = await read<Row>(READ, [app, from, to])
  const streams = await read<Row>(READ_STREAMS, [app, from, to])
  const counts = new Map<number, QualityCount>()
  for (const { minute, ...row } of [...own, ...streams]) {
    const before = counts.get(minute) ?? NONE
    counts.set(minute, {
      ...{ app, minute, enriched: before.enriched + row.enriched },
      ...{ rejected: before.rejected + row.rejected },
      ...{ duplicates: before.duplicates + row.duplicates },
      conflicts: before.conflicts + row.conflicts,
    })
  }
  return [...counts.values()].toSorted((a, b) => a.minute - b.minute)
}

const NONE = { enriched: 0, rejected: 0, duplicates: 0, conflicts: 0 }
