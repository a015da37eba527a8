import type { LogRecord } from '../log/log.ts'
import type { SinkRecord } from './sink.ts'

/** A row of `game_events` in Snowflake: flat, one JSON object and a line break. */
export type ForwardRow = {
  readonly event_id: string
  readonly event_type: string
  /** RFC 3339 in UTC, as the device said. */
  readonly occurred_at: string
  readonly received_at: string
  /** When it happened as far as anybody can know; never later than its receipt. */
  readonly corrected_at: string
  readonly player_id: string | null
  readonly app_id: string
  readonly platform: string | null
  readonly product_id: string | null
  readonly quantity: number | null
  readonly amount_micros: number | null
  readonly currency: string | null
  /** `name/version` of what sent it. */
  readonly sdk: string | null
  /** The log, or the partition of Kafka, that it was read from, and where it stands there. */
  readonly log_lane: string
  readonly log_position: number
  /** The event as it was sent; null where the row would be larger than a record may be. */
  readonly raw_payload: unknown
}

export const RECORD_BYTES_MAX = 1_000 * 1_024

/** Where a record was read. */
export type Place = { readonly lane: string; readonly position: number }
/** What is looked at of an event, whatever it was read from. */
export type Sendable = Omit<LogRecord, 'offset' | 'source' | 'flags' | 'sentAt'>

/** A game event as a record; null for what is none. */
export function recordOf(place: Place, record: Sendable): SinkRecord | null {
  if (record.kind !== 'game' || record.eventId === null) return null
  const row = rowOf(place, record, record.eventId)
  const line = lineOf(row)
  const bytes = line.length <= RECORD_BYTES_MAX ? line : lineOf({ ...row, raw_payload: null })
  return { position: place.position, bytes }
}

const lineOf = (row: ForwardRow): Buffer => Buffer.from(`${JSON.stringify(row)}\n`)

function rowOf({ lane, position }: Place, record: Sendable, eventId: string): ForwardRow {
  const { event } = record
  const fields: Readonly<Record<string, unknown>> = isFields(event) ? event : {}
  const text = (name: string) => (typeof fields[name] === 'string' ? fields[name] : null)
  const whole = (name: string) => (Number.isSafeInteger(fields[name]) ? Number(fields[name]) : null)
  return {
    event_id: eventId,
    event_type: record.eventType,
    occurred_at: instant(record.occurredAt),
    received_at: instant(record.receivedAt),
    corrected_at: instant(record.correctedAt),
    player_id: record.playerId,
    app_id: record.app,
    platform: text('platform'),
    product_id: text('product_id'),
    quantity: whole('quantity'),
    amount_micros: whole('amount_micros'),
    currency: text('currency'),
    sdk: record.sdk,
    log_lane: lane,
    log_position: position,
    raw_payload: event,
  }
}

const instant = (ms: number): string => new Date(ms).toISOString()

const isFields = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
