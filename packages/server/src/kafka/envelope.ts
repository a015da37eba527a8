import type { KafkaRecord } from './port.ts'

/*
 * The form of what we write ourselves on `events-raw`: the value is an event as the log stores it (JSON:
 * app, event_id, event_type, player_id, times in milliseconds, flags, sdk, source, event; `offset` where
 * it went through the books; `kind` unless a game sent it). A record without the header is somebody
 * else's, and only what that one says.
 */
const HEADER = 'questline-envelope'
export const ENVELOPE: Readonly<Record<string, string>> = { [HEADER]: '1' }
export const isOurs = (record: Pick<KafkaRecord, 'headers'>): boolean =>
  record.headers.get(HEADER) === '1'

/** Which books an event went through: their offsets are their own. */
const BOOKS = 'questline-books'
export const booksHeaders = (id: string): Readonly<Record<string, string>> => ({
  ...ENVELOPE,
  [BOOKS]: id,
})
export const booksOf = (record: Pick<KafkaRecord, 'headers'>): string | undefined =>
  record.headers.get(BOOKS)

/** Beside the envelope the trace of what is traced, as other systems know it too. */
export const headersOf = (trace: string | undefined): Readonly<Record<string, string>> =>
  trace === undefined ? ENVELOPE : { ...ENVELOPE, traceparent: trace }

/** All of a player is in one partition, in its order; what has no player lies anywhere, by its own id. */
export const keyOf = (app: string, playerId: string | null, otherwise: string): string =>
  `${app}\n${playerId ?? otherwise}`

/** Says that what comes after it happened, but for late ones, after `timeMs`. */
export type Heartbeat = { readonly event_type: typeof HEARTBEAT; readonly time_ms: number }
export const HEARTBEAT = 'heartbeat'
export const heartbeatAt = (timeMs: number): Heartbeat => ({
  event_type: HEARTBEAT,
  time_ms: timeMs,
})
