import type { LogRecord } from '../log/log.ts'

/** A row of `game_events` in Snowflake: flat, one JSON object and a line break. */
export type ForwardRow = {
  readonly event_id: string
  readonly event_type: string
  /** RFC 3339 in UTC, as the device said. */
  readonly occurred_at: string
  readonly received_at: string
  readonly player_id: string | null
  readonly app_id: string
  readonly platform: string | null
  readonly product_id: string | null
  readonly quantity: number | null
  readonly amount_micros: number | null
  readonly currency: string | null
  /** The event as it was sent; null where the row would be larger than a record may be. */
  readonly raw_payload: unknown
}

export const RECORD_BYTES_MAX = 1_000 * 1_024

/** A game event as a record; null for what is none. */
export function recordOf(record: LogRecord): Buffer | null {
  if (record.kind !== 'game' || record.eventId === null) return null
  const row = rowOf(record, record.eventId)
  const bytes = lineOf(row)
  return bytes.length <= RECORD_BYTES_MAX ? bytes : lineOf({ ...row, raw_payload: null })
}

const lineOf = (row: ForwardRow): Buffer => Buffer.from(`${JSON.stringify(row)}\n`)

function rowOf(record: LogRecord, eventId: string): ForwardRow {
  const { event } = record
  const fields: Readonly<Record<string, unknown>> = isFields(event) ? event : {}
  const text = (name: string) => (typeof fields[name] === 'string' ? fields[name] : null)
  const whole = (name: string) => (Number.isSafeInteger(fields[name]) ? Number(fields[name]) : null)
  return {
    event_id: eventId,
    event_type: record.eventType,
    occurred_at: new Date(record.occurredAt).toISOString(),
    received_at: new Date(record.receivedAt).toISOString(),
    player_id: record.playerId,
    app_id: record.app,
    platform: text('platform'),
    product_id: text('product_id'),
    quantity: whole('quantity'),
    amount_micros: whole('amount_micros'),
    currency: text('currency'),
    raw_payload: event,
  }
}

const isFields = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
