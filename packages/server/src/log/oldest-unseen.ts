import { type Read, shared } from '../store/store.ts'

const BATCH_AFTER = shared(
  'log.batch-received-after',
  `SELECT received_at AS "receivedAt" FROM event_batches
  WHERE last_offset > $1 ORDER BY last_offset LIMIT 1`,
)
const EVENT_AFTER = shared(
  'log.event-received-after',
  `SELECT received_at AS "receivedAt" FROM event_log
  WHERE log_offset > $1 ORDER BY log_offset LIMIT 1`,
)

type Row = { readonly receivedAt: number }

/**
 * When what follows an offset was received, in milliseconds since the epoch; null at the log's end. A
 * batch says it for its newest event.
 */
export async function receivedAfter(read: Read, offset: number): Promise<number | null> {
  const rows = await Promise.all([
    read<Row>(BATCH_AFTER, [offset]),
    read<Row>(EVENT_AFTER, [offset]),
  ])
  const times = rows.flat().map(({ receivedAt }) => receivedAt)
  return times.length === 0 ? null : Math.min(...times)
}
