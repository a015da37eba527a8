import { insertOnAnalytics, onAnalytics } from '../analytics/analytics.ts'
import type { LogRecord } from '../log/log.ts'
import type { Read, SqlType, Store, Tx } from '../store/store.ts'

const ROW: Readonly<Record<string, SqlType>> = {
  ...{ log_offset: 'bigint', app: 'text', event_id: 'text', event_type: 'text', player_id: 'text' },
  ...{ reason: 'text', path: 'text', stage: 'text', raw: 'bytea', envelope: 'text' },
  received_at: 'bigint',
}
const WRITE = insertOnAnalytics('quality.write-rejected', 'analytics.rejected_events', ROW)
/** Where the log begins anew on Kafka, what was refused before comes again. */
const KEEP = insertOnAnalytics(
  'quality.keep-rejected',
  'analytics.rejected_events',
  ROW,
  'ON CONFLICT (log_offset) DO NOTHING',
)
const COLUMNS = `log_offset AS "offset", app, event_id AS "eventId", event_type AS "eventType",
  player_id AS "playerId", reason, path, stage, received_at AS "receivedAt",
  replayed_offset AS "replayedOffset"`
const FIND = onAnalytics(
  'quality.find-rejected',
  `SELECT ${COLUMNS}, raw, envelope FROM analytics.rejected_events WHERE log_offset = $1`,
)
const LIST = onAnalytics(
  'quality.list-rejected',
  `SELECT ${COLUMNS} FROM analytics.rejected_events WHERE log_offset < $1 ORDER BY log_offset DESC LIMIT $2`,
)
const BETWEEN = onAnalytics(
  'quality.rejected-between',
  `SELECT ${COLUMNS}, raw, envelope FROM analytics.rejected_events
  WHERE log_offset > $1 AND log_offset <= $2 ORDER BY log_offset`,
)
const REPLAYED = onAnalytics(
  'quality.mark-replayed',
  'UPDATE analytics.rejected_events SET replayed_offset = $2 WHERE log_offset = $1 AND replayed_offset IS NULL',
)

const SWEEP_ROWS = 1_000
const OLDEST = onAnalytics(
  'quality.oldest-rejected',
  `SELECT log_offset AS "offset", received_at AS "receivedAt" FROM analytics.rejected_events
  WHERE log_offset <= $1 ORDER BY log_offset LIMIT ${SWEEP_ROWS}`,
)
const FORGET = onAnalytics(
  'quality.forget-rejected',
  'DELETE FROM analytics.rejected_events WHERE log_offset <= $1',
)

/** An event that quality has refused. */
export type RejectedEvent = {
  readonly offset: number
  readonly app: string
  readonly eventId: string | null
  readonly eventType: string
  readonly playerId: string | null
  readonly reason: string
  /** JSON pointer of the field at fault. */
  readonly path: string | null
  readonly stage: string
  readonly receivedAt: number
  /** The offset of the replay that took its place; null while it is open. */
  readonly replayedOffset: number | null
}

export type RejectedWithBytes = RejectedEvent & {
  /** As it was sent, byte for byte. */
  readonly raw: Uint8Array
  /** What the log says around it, with which a replay is judged. */
  readonly envelope: Omit<LogRecord, 'event'>
}

export type NewRejected = {
  readonly record: LogRecord
  readonly reason: string
  readonly path: string
  readonly raw: Uint8Array
}

export async function writeRejected(tx: Tx, rejected: readonly NewRejected[]): Promise<void> {
  await tx.run(WRITE, rejected.map(rowOf))
}

/** The same, but that a row which is there stays as it is. */
export async function keepRejectedRows(tx: Tx, rejected: readonly NewRejected[]): Promise<void> {
  await tx.run(KEEP, rejected.map(rowOf))
}

function rowOf({ record, reason, path, raw }: NewRejected) {
  const { event: _event, ...envelope } = record
  return [
    ...[record.offset, record.app, record.eventId, record.eventType, record.playerId],
    ...[reason, path, 'quality', raw, JSON.stringify(envelope), record.receivedAt],
  ]
}

type Row = Omit<RejectedWithBytes, 'envelope'> & { readonly envelope: string }

export async function findRejected(read: Read, offset: number): Promise<RejectedWithBytes | null> {
  const [row] = await read<Row>(FIND, [offset])
  return row === undefined ? null : withEnvelope(row)
}

const withEnvelope = (row: Row): RejectedWithBytes => ({
  ...row,
  envelope: JSON.parse(row.envelope),
})

/** All after an offset up to another one, in their order. */
export const rejectedBetween = async (
  read: Read,
  after: number,
  until: number,
): Promise<readonly RejectedWithBytes[]> =>
  (await read<Row>(BETWEEN, [after, until])).map(withEnvelope)

/** The newest first. */
export const listRejected = (
  read: Read,
  page: { readonly before: number; readonly limit: number },
): Promise<RejectedEvent[]> => read(LIST, [page.before, page.limit])

/** Whether it was open until now. */
export const markReplayed = async (tx: Tx, offset: number, by: number): Promise<boolean> =>
  (await tx.change(REPLAYED, [[offset, by]])) === 1

/**
 * Forgets what was refused and received before an instant, milliseconds since the epoch, from the
 * oldest on, in steps, so that no write waits for the whole.
 * @param upto what comes after this offset stays
 */
export async function sweepRejected(
  analytics: Store,
  { before, upto }: { readonly before: number; readonly upto: number },
): Promise<void> {
  type Old = { readonly offset: number; readonly receivedAt: number }
  for (;;) {
    const oldest = await analytics.read<Old>(OLDEST, [upto])
    const young = oldest.findIndex(({ receivedAt }) => receivedAt >= before)
    const last = (young < 0 ? oldest : oldest.slice(0, young)).at(-1)
    if (!last) return
    await analytics.transaction((tx) => tx.run(FORGET, [[last.offset]]))
    if (young >= 0 || oldest.length < SWEEP_ROWS) return
  }
}
