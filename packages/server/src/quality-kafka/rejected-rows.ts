import { insertOnAnalytics, onAnalytics } from '../analytics/analytics.ts'
import {
  keepRejectedRows,
  type NewRejected,
  type RejectedEvent,
  type RejectedWithBytes,
} from '../quality/quality.ts'
import type { Read, Tx } from '../store/store.ts'
import type { KeptRejected } from './enriched-record.ts'
import type { PartOf } from './part.ts'
import { logRecordOf } from './split-record.ts'

const WRITE = insertOnAnalytics('stream.write-rejected', 'analytics.stream_rejected_events', {
  ...{ app: 'text', event_id: 'text', event_type: 'text', player_id: 'text', reason: 'text' },
  ...{ path: 'text', stage: 'text', source: 'text', raw_offset: 'bigint', raw: 'bytea' },
  ...{ envelope: 'text', received_at: 'bigint' },
})
const COLUMNS = `rejected_id AS "number", app, event_id AS "eventId", event_type AS "eventType",
  player_id AS "playerId", reason, path, stage, received_at AS "receivedAt",
  replayed_offset AS "replayedOffset"`
const LIST = onAnalytics(
  'stream.list-rejected',
  `SELECT ${COLUMNS} FROM analytics.stream_rejected_events ORDER BY rejected_id DESC LIMIT $1`,
)
const FIND = onAnalytics(
  'stream.find-rejected',
  `SELECT ${COLUMNS}, source, raw_offset AS "rawOffset", raw, envelope
  FROM analytics.stream_rejected_events WHERE rejected_id = $1`,
)
const MARK = onAnalytics(
  'stream.mark-replayed',
  `UPDATE analytics.stream_rejected_events SET replayed_offset = $2
  WHERE rejected_id = $1 AND replayed_offset IS NULL`,
)

/** An event that did not go through the books and was refused. */
export type StreamRejected = Omit<RejectedEvent, 'offset' | 'eventType'> & {
  /** Of its own: it has no offset of the log. */
  readonly number: number
  readonly eventType: string | null
}
export type StreamRejectedWithBytes = StreamRejected & {
  /** As it was sent, byte for byte. */
  readonly raw: Uint8Array
  /** What it came from, as an import names a file, and its offset there: its id may stand for these. */
  readonly source: string
  readonly rawOffset: number
  /** What lies around it on Kafka; null where it was no event of ours. */
  readonly envelope: RejectedWithBytes['envelope'] | null
}

/** A row of what quality has refused, whichever table it belongs into. */
export type NewRow =
  | { readonly is: 'of-log'; readonly row: NewRejected }
  | { readonly is: 'of-stream'; readonly row: readonly (string | number | Uint8Array | null)[] }

const AFTER = ',"event":'

/**
 * @param text the part as it was read, of which the event's own bytes are cut
 * @param topic `events-raw`
 */
export function rejectedRow(
  part: PartOf<'refused'> | PartOf<'foreign'>,
  text: string,
  topic: string,
  stage: KeptRejected['stage'] = part.refused.stage,
): NewRow {
  const { reason, path } = part.refused
  const [partition, offset] = part.raw
  const source = `kafka:${topic}:${partition}`
  if (part.is === 'foreign') {
    const bytes = Buffer.from(part.base64, 'base64')
    return {
      is: 'of-stream',
      row: [
        ...[part.app, part.event_id, part.event_type, null, reason, path, stage, source],
        ...[offset, bytes, null, part.received_at],
      ],
    }
  }
  // The first one at all: within a text each quote would have a backslash before it.
  const raw = Buffer.from(text.slice(text.indexOf(AFTER) + AFTER.length, -2))
  const { event: _, ...envelope } = logRecordOf(part.stored, offset)
  const ofLog = part.stored.offset
  if (ofLog !== undefined && stage === 'quality') {
    const record = { ...envelope, offset: ofLog, event: null }
    return { is: 'of-log', row: { record, reason, path: path ?? '', raw } }
  }
  const { app, eventId, eventType, playerId, receivedAt } = envelope
  return {
    is: 'of-stream',
    row: [
      ...[app, eventId, eventType, playerId, reason, path, stage, source, offset, raw],
      ...[JSON.stringify(envelope), receivedAt],
    ],
  }
}

/** In the transaction that moves the checkpoint past them. */
export async function writeRejectedRows(tx: Tx, rows: readonly NewRow[]): Promise<void> {
  await keepRejectedRows(
    tx,
    rows.flatMap((each) => (each.is === 'of-log' ? [each.row] : [])),
  )
  await tx.run(
    WRITE,
    rows.flatMap((each) => (each.is === 'of-stream' ? [[...each.row]] : [])),
  )
}

/** The newest first. */
export const listStreamRejected = (read: Read, limit: number): Promise<StreamRejected[]> =>
  read(LIST, [limit])

export async function findStreamRejected(
  read: Read,
  number: number,
): Promise<StreamRejectedWithBytes | null> {
  type Row = Omit<StreamRejectedWithBytes, 'envelope'> & { readonly envelope: string | null }
  const [row] = await read<Row>(FIND, [number])
  if (row === undefined) return null
  return { ...row, envelope: row.envelope === null ? null : JSON.parse(row.envelope) }
}

/** @param by the offset of the log at which its replay lies */
export const markStreamReplayed = (tx: Tx, number: number, by: number): Promise<number> =>
  tx.change(MARK, [[number, by]])
