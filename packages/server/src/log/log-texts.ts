import type { Read } from '../store/store.ts'
import { unpackBatch } from './batch-form.ts'
import {
  BATCHES,
  type BatchRow,
  EVENTS,
  type EventRow,
  ExpiredOffsetsError,
  endOfPage,
  ofRow,
} from './read-log.ts'
import { splitObjects } from './split-objects.ts'

/** One event of the log as text: what the log says around it, and the event itself. */
export type LogText = {
  /**
   * JSON object: offset, kind (absent: game), app, event_id, event_type, player_id, occurred_at,
   * sent_at, received_at, corrected_at, flags, sdk, source. Times are milliseconds since the epoch.
   */
  readonly head: string
  /** As it was sent, byte for byte; null when it has none. */
  readonly event: string | null
}

const AFTER = ',"event":'

/**
 * Everything that the log's tables hold after an offset up to another one, in the order of offsets.
 * @throws ExpiredOffsetsError
 */
export async function logTexts(
  read: Read,
  after: number,
  until: number,
): Promise<readonly LogText[]> {
  const [batches, rows] = await Promise.all([
    read<BatchRow>(BATCHES, [after, await endOfPage(read, until)]),
    read<EventRow>(EVENTS, [after, until]),
  ])
  const game = batches.flatMap((batch) => gameTexts(batch, after, until))
  if (rows.length === 0) return game
  const all = [...game, ...rows.map(rowText)]
  return all
    .map((one) => ({ one, offset: Number(/\d+/.exec(one.head)?.[0]) }))
    .sort((a, b) => a.offset - b.offset)
    .map(({ one }) => one)
}

function gameTexts({ first, last, payload }: BatchRow, after: number, until: number): LogText[] {
  if (payload.byteLength === 0) throw new ExpiredOffsetsError(first, last)
  const pieces = splitObjects(unpackBatch(payload), last - first + 1)
  return pieces.slice(Math.max(0, after + 1 - first), until + 1 - first).map((piece) => {
    // The first one at all: within a text each quote would have a backslash before it.
    const at = piece.indexOf(AFTER)
    return { head: `${piece.slice(0, at)}}`, event: piece.slice(at + AFTER.length, -1) }
  })
}

function rowText(row: EventRow): LogText {
  const { offset, kind, app, eventType, playerId, occurredAt, receivedAt, correctedAt } = ofRow(row)
  const head = {
    ...{ offset, kind, app, event_id: null, event_type: eventType, player_id: playerId },
    ...{ occurred_at: occurredAt, sent_at: null, received_at: receivedAt },
    ...{ corrected_at: correctedAt, flags: [], sdk: null, source: 'http' },
  }
  return { head: JSON.stringify(head), event: row.payload }
}
