/**
 * One event of the log, whatever brought it: `game` through `/v1/events*` or an import, `free`
 * through `POST /event`, `server` by the server itself. Times are milliseconds since the epoch.
 */
export type LogRecord = {
  readonly offset: number
  readonly kind: 'game' | 'free' | 'server'
  readonly app: string
  /** Lower case; null but for game events. */
  readonly eventId: string | null
  readonly eventType: string
  readonly playerId: string | null
  /** As the device said. */
  readonly occurredAt: number
  /** When the device sent it by its own clock, where it said so. */
  readonly sentAt: number | null
  readonly receivedAt: number
  /** When it happened as far as anybody can know; never later than its receipt. */
  readonly correctedAt: number
  readonly flags: readonly string[]
  /** `name/version` of what sent it. */
  readonly sdk: string | null
  /** `http`, or `import:` and a name. */
  readonly source: string
  /** W3C traceparent; only of what is traced. */
  readonly trace?: string
  /** Its own fields. A free event whose text is no JSON is that text; null when it has none. */
  readonly event: unknown
}

/** Consecutive offsets, `first` and `last` included. */
export type LogPage = {
  readonly first: number
  readonly last: number
  readonly records: readonly LogRecord[]
}
