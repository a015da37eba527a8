/**
 * Event types that only the server itself writes to the log. `af_` covers every postback
 * (`af_purchase`, `af_install`, …); a client that sends one of these through `POST /event` gets a 422.
 */
export const SERVER_EVENT_TYPES = [
  'earn',
  'spend',
  'adjust',
  'deeplink_open',
  'rates',
  'event_replay',
] as const
export type ServerEventType = (typeof SERVER_EVENT_TYPES)[number]

export const POSTBACK_EVENT_PREFIX = 'af_'

/** Whether `eventType` is one of the server's own, in any letter case. */
export function isReservedEventType(eventType: string): boolean {
  const folded = eventType.toLowerCase()
  return (
    folded.startsWith(POSTBACK_EVENT_PREFIX) || SERVER_EVENT_TYPES.some((own) => own === folded)
  )
}

/** One event on its way into the log. Times in milliseconds since the epoch. */
export type LogEvent = {
  readonly app: string
  readonly eventType: string
  readonly playerId: string | null
  readonly occurredAt: number
  readonly receivedAt: number
  /** What `GET /events` shows as `meta`. */
  readonly payload: string | null
}
