import type { Verdict } from './verdicts.ts'

type Fields = Readonly<Record<string, unknown>>

const RAW_TYPES: readonly unknown[] = ['init', 'match', 'in-app-purchase']
/** Below it a time is in seconds (until the year 5138), from it on in milliseconds (since March 1973). */
const MILLISECONDS_FROM = 100_000_000_000
/** The last millisecond of the year 9999, after which RFC 3339 has no more years. */
const INSTANT_MAX = 253_402_300_799_999

export type RawGameEvent =
  | { readonly kind: 'event'; readonly event: Fields }
  | ({ readonly kind: 'rejected' } & Required<Pick<Verdict, 'code' | 'path'>>)

const rejected = (code: NonNullable<Verdict['code']>, path: string): RawGameEvent => ({
  kind: 'rejected',
  code,
  path,
})

const isObject = (json: unknown): json is Fields =>
  typeof json === 'object' && json !== null && !Array.isArray(json)

/** Whether `json` is of the raw form, and not an event with an envelope. */
export const isRawGameEvent = (json: unknown): boolean =>
  isObject(json) && Object.hasOwn(json, 'event-type') && !Object.hasOwn(json, 'event_type')

/**
 * An event of the raw form with our names for type, time and player beside its own fields, which
 * stay; where it brings one of these names too, `event-type`, `time` and `user-id` decide, but for a
 * `player_id` of its own. It has no `event_id` unless it brought one; whoever imports it makes one. Its own fields are
 * not checked here: the family's `rawSchema` does that.
 */
export function fromRawGameEvent(json: unknown): RawGameEvent {
  if (!isObject(json)) return rejected('invalid-event', '')
  const event_type = json['event-type']
  if (!RAW_TYPES.includes(event_type)) return rejected('unknown-event-type', '/event-type')
  const occurredAt = rawInstant(json['time'])
  if (occurredAt === null) return rejected('schema', '/time')
  const player_id = playerIdOf(json)
  const head = {
    event_type,
    occurred_at: new Date(occurredAt).toISOString(),
    ...(player_id === null ? {} : { player_id }),
  }
  return { kind: 'event', event: { ...json, ...head } }
}

/** Milliseconds since the epoch; null when `time` is no whole number or past the year 9999. */
function rawInstant(time: unknown): number | null {
  if (typeof time !== 'number' || !Number.isSafeInteger(time) || time < 0) return null
  const instant = time < MILLISECONDS_FROM ? time * 1_000 : time
  return instant <= INSTANT_MAX ? instant : null
}

/** Whom an event is of: `player_id`, else `user-id` as text; null when it names nobody (a match has two). */
export function playerIdOf(event: Fields): string | null {
  const id = event['player_id'] ?? event['user-id']
  if (typeof id === 'string') return id
  return typeof id === 'number' && Number.isSafeInteger(id) ? String(id) : null
}
