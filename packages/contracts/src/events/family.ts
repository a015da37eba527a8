import { type Static, type TObject, type TProperties, Type } from 'typebox'
import { ENVELOPE, type Properties } from './envelope.ts'
import { inUnit, type Unit } from './unit.ts'

/**
 * `MODEL-REVISION-ADDITION`: the first number grows when old events cannot be read any more, the
 * second when they may not, the third when something was only added.
 */
export type Version = `${number}-${number}-${number}`

/** A kind of event, as data. Schemas, documentation, validators and types are made from it. */
export type EventFamily = {
  /** For what clients send also its `event_type`. */
  readonly name: string
  readonly version: Version
  /** `client`: sent by games. `server`: logged by the server itself, and refused when a client sends it. */
  readonly kind: 'client' | 'server'
  readonly description: string
  /** Its own fields, without the envelope. */
  readonly fields: TProperties
  /** A whole event, as `POST /v1/events` takes it; of a server family, the payload in the log. */
  readonly schema: TObject
  /** A whole event as imports and raw topics hold it: mostly `schema` itself. */
  readonly rawSchema: TObject
  /** Fits `schema`. */
  readonly example: Readonly<Record<string, unknown>>
}

type ClientParts<N extends string, F extends TProperties, E extends TProperties> = {
  readonly name: N
  readonly version: Version
  readonly description: string
  readonly fields: F
  /** Where the family asks something else of it than the others do. */
  readonly envelope?: E
  /** At least one of these fields must be there. */
  readonly anyOf?: readonly string[]
  /** What of its properties is another in imports and raw topics. */
  readonly raw?: TProperties
  /** Of its own fields, and of those of the envelope that matter to it. */
  readonly example: Readonly<Record<string, unknown>>
}

/** A family that clients send: its own fields stand flat beside the envelope. */
export function clientFamily<
  const N extends string,
  F extends TProperties,
  E extends TProperties = typeof ENVELOPE,
>(parts: ClientParts<N, F, E>) {
  const { name, version, description, fields, anyOf, raw } = parts
  const envelope = (parts.envelope ?? ENVELOPE) as E
  const event_type = Type.Literal(name, { description: 'The family.' })
  const properties = { event_type, ...envelope, ...fields }
  const options = {
    title: name,
    description,
    ...(anyOf ? { anyOf: anyOf.map((field) => ({ required: [field] })) } : {}),
  }
  const schema = Type.Object(properties, options)
  const rawSchema: TObject = raw ? Type.Object({ ...properties, ...raw }, options) : schema
  const example = { event_type: name, ...EXAMPLE_ENVELOPE, ...parts.example }
  const kind = 'client' as const
  return { name, version, kind, description, fields, schema, rawSchema, example }
}

/** A family that only the server logs. `schema` is that of the payload. */
export function serverFamily<const N extends string, F extends TProperties>(parts: {
  readonly name: N
  readonly version: Version
  readonly description: string
  readonly fields: F
  readonly example: Readonly<Record<string, unknown>>
}) {
  const { name, description, fields } = parts
  const schema = Type.Object(fields, { title: name, description })
  const kind = 'server' as const
  return { ...parts, kind, schema, rawSchema: schema }
}

/** What a game gives to `track`: the family's own fields, and free ones. */
export type TrackFields<F extends TProperties> = Static<TObject<F>> & {
  properties?: Static<typeof Properties>
}

/** Text of which the catalogue lists the usual values and takes any other. */
export const openEnum = <const T extends readonly string[]>(known: T, description: string) =>
  Type.Unsafe<T[number] | (string & Record<never, never>)>({
    type: 'string',
    minLength: 1,
    maxLength: 64,
    format: 'text',
    examples: known,
    description,
  })

/** Text of which only these values are taken. */
export const closedEnum = <const T extends readonly string[]>(values: T, description: string) =>
  Type.Unsafe<T[number]>({ type: 'string', enum: values, description })

/** A count, an amount or a length: a whole number that every JSON reader keeps exactly. */
export const Whole = (minimum: number, description: string, unit?: Unit) =>
  Type.Integer({
    minimum,
    maximum: Number.MAX_SAFE_INTEGER,
    description,
    ...(unit ? inUnit(unit) : {}),
  })

/** The envelope of all examples, so that they differ in what they are about. */
const EXAMPLE_ENVELOPE = {
  event_id: '0199a1b2-c3d4-7e5f-8a6b-9c0d1e2f3a4b',
  occurred_at: '2026-03-01T12:00:00.000Z',
  player_id: 'player_1',
  app_id: 'com.game.test',
  platform: 'ios',
} as const
