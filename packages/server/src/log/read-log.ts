import { isReservedEventType } from '@questline/contracts'
import { type Read, shared } from '../store/store.ts'
import { parseBatch, type StoredEvent } from './batch-form.ts'
import type { LogPage, LogRecord } from './log-record.ts'

const HEAD = shared('log.head', 'SELECT log_offset AS head FROM log_head')

/** The newest offset, which is also how many events were ever logged. All up to it can be read. */
export const newestOffset = async (read: Read): Promise<number> =>
  (await read<{ head: number }>(HEAD, []))[0]?.head ?? 0

export type BatchRow = {
  readonly first: number
  readonly last: number
  readonly payload: Uint8Array
}
export type EventRow = {
  readonly offset: number
  readonly app: string
  readonly eventType: string
  readonly playerId: string | null
  readonly occurredAt: number
  readonly receivedAt: number
  readonly payload: string | null
}

/** The batch that an offset lies in, or else the next one. */
const BATCH_AT = shared(
  'log.batch-at',
  `SELECT first_offset AS first, last_offset AS last FROM event_batches
  WHERE last_offset >= $1 ORDER BY last_offset LIMIT 1`,
)
export const BATCHES = shared(
  'log.batches',
  `SELECT first_offset AS first, last_offset AS last, payload FROM event_batches
  WHERE last_offset > $1 AND last_offset <= $2 ORDER BY last_offset`,
)
export const EVENTS = shared(
  'log.events',
  `SELECT log_offset AS "offset", app, event_type AS "eventType", player_id AS "playerId",
    occurred_at AS "occurredAt", received_at AS "receivedAt", payload
  FROM event_log WHERE log_offset > $1 AND log_offset <= $2 ORDER BY log_offset`,
)

export type ReadLogSettings = {
  /** About so many in a page; a batch is never divided, so there may be more. */
  readonly events: number
  /** Nothing beyond this offset; without one, what is there when the reading begins. */
  readonly until?: number
  /** What to do with events that have left the table for the lake: `fail` unless told otherwise. */
  readonly expired?: 'fail' | 'skip'
}

/** These offsets have left the table; a verified file of the lake holds them. */
export class ExpiredOffsetsError extends Error {
  readonly first: number
  readonly last: number
  constructor(first: number, last: number) {
    super(`the events ${first} to ${last} have left the log's table for the lake`)
    this.name = 'ExpiredOffsetsError'
    this.first = first
    this.last = last
  }
}

/**
 * The log after an offset, page by page, in the order of its offsets. Ends at the newest; whoever
 * follows the log calls it again with the last offset that it saw. Writers are not held up.
 * @throws ExpiredOffsetsError
 */
export async function* readLog(
  read: Read,
  after: number,
  settings: ReadLogSettings,
): AsyncGenerator<LogPage> {
  const head = await newestOffset(read)
  const until = Math.min(settings.until ?? head, head)
  for (let last = after; last < until; ) {
    const from = last
    const end = await endOfPage(read, Math.min(from + settings.events, until))
    const [batches, rows] = await Promise.all([
      read<BatchRow>(BATCHES, [from, end]),
      read<EventRow>(EVENTS, [from, Math.min(end, until)]),
    ])
    last = Math.min(end, until)
    const kept = batches.filter((batch) => isKept(batch, settings))
    const game = kept.flatMap(({ payload }) => parseBatch(payload).map(ofGame))
    const records = merged(game, rows.map(ofRow)).filter(
      ({ offset }) => offset > from && offset <= until,
    )
    yield { first: from + 1, last, records }
  }
}

/** A batch that expired keeps its row, so that the log shows no gap, and loses its payload. */
function isKept({ first, last, payload }: BatchRow, { expired }: ReadLogSettings): boolean {
  if (payload.byteLength > 0) return true
  if (expired === 'skip') return false
  throw new ExpiredOffsetsError(first, last)
}

/** The end of the batch that `offset` lies in, so that each is unpacked once; else `offset` itself. */
export async function endOfPage(read: Read, offset: number): Promise<number> {
  const [batch] = await read<Omit<BatchRow, 'payload'>>(BATCH_AT, [offset])
  return batch !== undefined && batch.first <= offset ? batch.last : offset
}

const ofGame = (stored: StoredEvent): LogRecord =>
  stored.trace === undefined ? plainOf(stored) : { ...plainOf(stored), trace: stored.trace }

const plainOf = (stored: StoredEvent): LogRecord =>
  recordOfStored(stored, { offset: stored.offset, kind: 'game', eventId: stored.event_id })

/** What a stored event says of itself, in the place and under the name that its reader gives it. */
export const recordOfStored = (
  stored: Omit<StoredEvent, 'offset' | 'event_id'>,
  { offset, kind, eventId }: Pick<LogRecord, 'offset' | 'kind' | 'eventId'>,
): LogRecord => ({
  offset,
  kind,
  app: stored.app,
  eventId,
  eventType: stored.event_type,
  playerId: stored.player_id,
  occurredAt: stored.occurred_at,
  sentAt: stored.sent_at,
  receivedAt: stored.received_at,
  correctedAt: stored.corrected_at,
  flags: stored.flags,
  sdk: stored.sdk,
  source: stored.source,
  event: stored.event,
})

const NO_FLAGS: readonly string[] = []

/** An event of `event_log`. */
export const ofRow = ({ payload, ...row }: EventRow): LogRecord => ({
  ...row,
  kind: isReservedEventType(row.eventType) ? 'server' : 'free',
  eventId: null,
  sentAt: null,
  correctedAt: Math.min(row.occurredAt, row.receivedAt),
  flags: NO_FLAGS,
  sdk: null,
  source: 'http',
  event: payload === null ? null : parsedOrText(payload),
})

function parsedOrText(payload: string): unknown {
  try {
    return JSON.parse(payload)
  } catch {
    return payload
  }
}

/** Both in the order of their offsets, which no two share. */
function merged(game: readonly LogRecord[], rows: readonly LogRecord[]): readonly LogRecord[] {
  if (rows.length === 0) return game
  if (game.length === 0) return rows
  return [...game, ...rows].sort((a, b) => a.offset - b.offset)
}

/** An event that a game sent under an id of its own, as the reports read it. */
export type GameEvent = {
  readonly offset: number
  readonly playerId: string | null
  /** Corrected for the device's clock; milliseconds since the epoch. */
  readonly occurredAt: number
  /** Its fields as JSON. */
  readonly payload: string | null
}

/** Offsets looked at at a time: they have no gaps, so no page is longer, however rare a type is. */
const PAGE_OFFSETS = 2_000

/**
 * All game events of a type up to an offset, itself included, in the order of the log, page by page;
 * a page of other events is empty. Free-form events, whose type is only a name, are left out.
 */
export async function* gameEvents(
  read: Read,
  eventType: string,
  until: number,
): AsyncGenerator<readonly GameEvent[]> {
  for await (const { records } of readLog(read, 0, {
    ...{ events: PAGE_OFFSETS, until, expired: 'skip' },
  })) {
    const wanted = records.filter((each) => each.kind === 'game' && each.eventType === eventType)
    yield wanted.map(({ offset, playerId, correctedAt, event }) => ({
      ...{ offset, playerId, occurredAt: correctedAt },
      payload: JSON.stringify(event),
    }))
  }
}
