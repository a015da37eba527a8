import { type Static, type TObject, Type } from 'typebox'
import { LIMITS } from '../limits.ts'
import { Text } from '../route.ts'
import { inUnit } from './unit.ts'

/** Sent in any letter case, stored in upper case. */
export const PLATFORMS = [
  'ios',
  'android',
  'web',
  'windows',
  'macos',
  'linux',
  'playstation',
  'xbox',
  'switch',
  'facebook',
  'other',
] as const
export type Platform = (typeof PLATFORMS)[number]

/** JSON Schema has no flag for letter case, so the pattern names both cases of each letter. */
const anyCase = (word: string): string =>
  word.replace(/[a-z]/g, (letter) => `[${letter}${letter.toUpperCase()}]`)

export const PlatformName = Type.String({
  pattern: `^(?:${PLATFORMS.map(anyCase).join('|')})$`,
  description: `One of ${PLATFORMS.map((name) => `\`${name}\``).join(', ')}, in any letter case.`,
})
/** What imports and raw topics may say: whoever wrote them did not know our list. */
export const AnyPlatform = Text(1, LIMITS.platformCharsMax, 'The platform under any name.')

/** A UUID in the text form of RFC 9562, of any version and variant. */
export const EVENT_ID =
  /^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$/

export const EventId = Type.String({
  pattern: EVENT_ID.source,
  description:
    'A UUID (RFC 9562), made once by the client before the first attempt and sent with each retry.',
})
export const OccurredAt = Type.String({
  format: 'date-time',
  maxLength: 40,
  description: "RFC 3339 with a zone: when it happened by the device's clock.",
})
export const PlayerId = Text(1, LIMITS.userIdCharsMax, 'Who played.')
export const Country = Text(
  1,
  LIMITS.countryCharsMax,
  'ISO 3166 code of two letters; what is none counts as unknown.',
)

const Monotonic = Type.Object(
  {
    run: Text(1, 64, 'Names one run of the app.'),
    ms: Type.Number({
      minimum: 0,
      maximum: Number.MAX_SAFE_INTEGER,
      ...inUnit('ms'),
      description: 'Its reading.',
    }),
  },
  { description: 'A clock that nobody can set, read when the event happened.' },
)

export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue }

/** The bounds of text hold for the object's own values; what is nested is bounded by the event's bytes. */
export const Properties = Type.Unsafe<Readonly<Record<string, JsonValue>>>({
  type: 'object',
  maxProperties: LIMITS.propertiesMax,
  propertyNames: { type: 'string', minLength: 1, maxLength: LIMITS.propertyNameCharsMax },
  additionalProperties: {
    type: ['string', 'number', 'boolean', 'null', 'array', 'object'],
    maxLength: LIMITS.propertyTextCharsMax,
  },
  description: `Free-form: at most ${LIMITS.propertiesMax} names of at most ${LIMITS.propertyNameCharsMax} characters, text of at most ${LIMITS.propertyTextCharsMax}.`,
})

/** What stands around the own fields of each family that clients send, flat beside them and `event_type`. */
export const ENVELOPE = {
  event_id: EventId,
  schema_version: Type.Optional(
    Type.String({
      pattern: '^[1-9][0-9]{0,3}-[0-9]{1,4}-[0-9]{1,4}$',
      description: 'The version of the family that the sender was built with.',
    }),
  ),
  occurred_at: OccurredAt,
  player_id: PlayerId,
  app_id: Type.Optional(
    Text(1, LIMITS.appIdCharsMax, "The key's app, which it is when it is left out."),
  ),
  platform: PlatformName,
  app_version: Type.Optional(Text(1, LIMITS.appVersionCharsMax, 'The version of the game.')),
  session_id: Type.Optional(Text(1, LIMITS.sessionIdCharsMax, 'The session that it belongs to.')),
  device_id: Type.Optional(
    Text(1, LIMITS.deviceIdCharsMax, 'This installation of the game; `seq` counts per device.'),
  ),
  country: Type.Optional(Country),
  seq: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: Number.MAX_SAFE_INTEGER,
      description: "The device's own count of its events, without a gap: a gap is a loss.",
    }),
  ),
  monotonic: Type.Optional(Monotonic),
  properties: Type.Optional(Properties),
} as const

export type Envelope = Static<TObject<typeof ENVELOPE>> & { event_type: string }
