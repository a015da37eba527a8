import { EVENT_ID, LIMITS, playerIdOf, type VerdictCode } from '@questline/contracts'
import type { NewGameEvent, Transaction } from '../log/log.ts'
import { fingerprintOf, TooDeepError } from './canonical.ts'
import type { Corrected } from './clock.ts'
import type { FamilyChecks, Fields } from './family-checks.ts'
import { textFault } from './text-fault.ts'

/** What events are judged by, alike for all of one delivery. */
export type Door = {
  readonly app: string
  /** The one family that is let in; null for all. */
  readonly only: string | null
  readonly checks: FamilyChecks
  /** Milliseconds since the epoch; null for what is no instant. */
  readonly instants: (text: string) => number | null
  readonly correct: (occurredAt: number, event: Fields) => Corrected
  /** Whether some text of the delivery may hold what no text may. */
  readonly isSuspicious: boolean
}

/** One event as it came. */
export type Sent = {
  readonly json: unknown
  /** Its own JSON, byte for byte. */
  readonly text: string
  readonly line: number | null
}

export type Judged =
  | {
      readonly kind: 'passed'
      readonly event: NewGameEvent
      /** As it was sent. */
      readonly sentId: string
      /** JSON pointer of a field that the family does not know. */
      readonly unknownField: string | null
    }
  | Refused

export type Refused = {
  readonly kind: 'refused'
  readonly code: VerdictCode
  readonly path: string | null
  readonly sentId: string | null
  readonly eventType: string | null
}

export const isFields = (json: unknown): json is Fields =>
  typeof json === 'object' && json !== null && !Array.isArray(json)

/** Total: whatever was sent, it passes or is refused with the first reason of the list. */
export function judge(door: Door, sent: Sent): Judged {
  const { json, text, line } = sent
  if (isTooLarge(text)) return refused(json, 'event-too-large', null)
  if (!isFields(json)) return refused(json, 'invalid-event', null)
  const { event_id: sentId, app_id: app } = json
  if (sentId === undefined || sentId === null) return refused(json, 'missing-event-id', '/event_id')
  if (typeof sentId !== 'string' || !EVENT_ID.test(sentId)) {
    return refused(json, 'invalid-event-id', '/event_id')
  }
  const check = door.checks(json['event_type'])
  if (!check) return refused(json, 'unknown-event-type', '/event_type')
  if (door.only !== null && door.only !== check.type) return refused(json, 'schema', '/event_type')
  const fault = check.fault(json) ?? (door.isSuspicious ? textFault(json) : null)
  if (fault !== null) return refused(json, 'schema', fault)
  if (typeof app === 'string' && app !== door.app) return refused(json, 'wrong-app', '/app_id')

  const eventId = sentId.toLowerCase()
  const fingerprint = fingerprintFor(json, eventId, door.app)
  if (fingerprint === null) return refused(json, 'schema', '')
  const occurredAt = door.instants(String(json['occurred_at'])) ?? 0
  const corrected = door.correct(occurredAt, json)
  return {
    kind: 'passed',
    event: {
      eventId,
      fingerprint,
      eventType: check.type,
      playerId: playerIdOf(json),
      occurredAt,
      correctedAt: corrected.at,
      flags: corrected.flags,
      transaction: check.type === 'purchase' ? transactionOf(json) : null,
      text,
      line,
    },
    sentId,
    unknownField: check.unknownField(json),
  }
}

/** UTF-8 takes one to three bytes for a unit of UTF-16. */
const isTooLarge = (text: string): boolean =>
  text.length > LIMITS.eventBytesMax ||
  (text.length * 3 > LIMITS.eventBytesMax && Buffer.byteLength(text) > LIMITS.eventBytesMax)

function refused(json: unknown, code: VerdictCode, path: string | null): Refused {
  const { event_id: sentId, event_type: type } = isFields(json) ? json : ({} as Fields)
  return {
    ...{ kind: 'refused', code, path },
    sentId: typeof sentId === 'string' ? sentId : null,
    eventType: typeof type === 'string' ? type : null,
  }
}

/**
 * The app is filled in and the id is in lower case first, so that an event has one fingerprint
 * however much of that its sender left to us. Null for what is too deep to be read safely.
 */
function fingerprintFor(json: Fields, eventId: string, app: string): string | null {
  const isWhole = json['app_id'] !== undefined && json['event_id'] === eventId
  try {
    return fingerprintOf(isWhole ? json : { ...json, event_id: eventId, app_id: app })
  } catch (error) {
    if (error instanceof TooDeepError) return null
    throw error
  }
}

/** The store's transaction that a purchase names. The schema has checked the types. */
export function transactionOf(json: Fields): Transaction | null {
  const id = textOf(json['transaction_id'])
  if (id === '') return null
  const { amount_micros: amount, currency } = json
  return {
    store: textOf(json['store']),
    id,
    amountMicros: typeof amount === 'number' ? amount : null,
    currency: typeof currency === 'string' ? currency : null,
  }
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')
