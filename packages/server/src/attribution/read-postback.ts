import { LIMITS, POSTBACK_EVENT_PREFIX, ProblemError } from '@questline/contracts'

export type Payload = Readonly<Record<string, unknown>>

/** What the log says of a postback; the rest stays in its payload. */
export type ReadPostback = {
  readonly eventType: string
  readonly playerId: string | null
  /** Milliseconds since the epoch. */
  readonly occurredAt: number
}

/**
 * Reads AppsFlyer's fields. Unknown fields are let be, a blank, null or missing one is the same.
 * @throws ProblemError `invalid-request` when the player's id cannot name one player for certain
 */
export const readPostback = (payload: Payload, receivedAt: number): ReadPostback => ({
  eventType: eventTypeOf(payload['event_name']),
  playerId: playerOf(payload, 'customer_user_id') ?? playerOf(payload, 'appsflyer_id'),
  occurredAt: occurredAtOf(payload, receivedAt),
})

/** The event's own time, never later than its receipt, which stands for one that cannot be read. */
export const occurredAtOf = (payload: Payload, receivedAt: number): number =>
  Math.min(parseEventTime(textOf(payload['event_time'])) ?? receivedAt, receivedAt)

/** A field's text: trimmed, numbers as JavaScript writes them, null for what is blank or neither. */
export function textOf(value: unknown): string | null {
  const text = typeof value === 'number' ? String(value) : value
  if (typeof text !== 'string') return null
  return text.trim() || null
}

/** Whether no field has a value. */
export const isBlank = (payload: Payload): boolean =>
  Object.values(payload).every(
    (value) => value === null || (typeof value === 'string' && value.trim() === ''),
  )

const UNNAMED = 'unknown'

/**
 * `af_` before the name, unless it stands there already. Providers allow any characters in a name,
 * event types only letters, digits, `_`, `-` and `.`: each other one becomes `_`, what exceeds 100
 * is cut. The name as it was sent stays in the payload.
 */
function eventTypeOf(value: unknown): string {
  const name = (textOf(value) ?? UNNAMED).slice(0, LIMITS.eventTypeCharsMax)
  const prefix = name.startsWith(POSTBACK_EVENT_PREFIX) ? '' : POSTBACK_EVENT_PREFIX
  const type = prefix + name.replace(/[^A-Za-z0-9_.-]/gu, '_')
  return type.slice(0, LIMITS.eventTypeCharsMax)
}

function playerOf(payload: Payload, field: string): string | null {
  const value = payload[field]
  const id = textOf(value)
  if (id === null) return null
  const fault = idFault(value, id)
  if (fault === undefined) return id
  throw new ProblemError('invalid-request', { errors: [{ pointer: `#/${field}`, detail: fault }] })
}

function idFault(value: unknown, id: string): string | undefined {
  if (typeof value === 'number' && !Number.isSafeInteger(value)) {
    return 'is a number that cannot be kept exactly: send it as text'
  }
  if (id.includes('\0') || !id.isWellFormed()) return 'has a NUL character or a lone surrogate'
  const max = LIMITS.userIdCharsMax
  return id.length > max && [...id].length > max ? `has more than ${max} characters` : undefined
}

const TIME =
  /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?(?:Z|([+-]\d{2}):?(\d{2}))?$/

/** `2020-01-15 14:57:24.898`, UTC where no zone is named; null when it is no such instant. */
function parseEventTime(text: string | null): number | null {
  const [, day, time, fraction = '', hours = '+00', minutes = '00'] = TIME.exec(text ?? '') ?? []
  if (day === undefined) return null
  // `Date` reads 2026-02-30 as 2 March: a day that does not come back was none.
  const midnight = new Date(`${day}T00:00:00Z`)
  if (Number.isNaN(midnight.getTime()) || !midnight.toISOString().startsWith(day)) return null
  const millis = fraction.padEnd(3, '0').slice(0, 3)
  const instant = Date.parse(`${day}T${time}.${millis}${hours}:${minutes}`)
  return Number.isNaN(instant) ? null : instant
}
