import {
  CLIENT_FAMILIES,
  type ClientEventType,
  type EventFamily,
  isClientEventType,
  isCurrencyCode,
} from '@questline/contracts'
import { Ajv, type ValidateFunction } from 'ajv'
import { countFewTexts } from './text-lengths.ts'

export type Fields = Readonly<Record<string, unknown>>

/** What one family asks of an event. */
export type FamilyCheck = {
  readonly type: ClientEventType
  /** JSON pointer of the first field that breaks a rule; null when none does. */
  fault(event: Fields): string | null
  /** JSON pointer of the first field that the family does not know; null when it knows all. */
  unknownField(event: Fields): string | null
}

/** The checks of a family by its name; undefined for what clients do not send. */
export type FamilyChecks = (eventType: unknown) => FamilyCheck | undefined

/** Which schemas: of what comes over the wire, or of raw events in files and topics. */
export type SchemaForm = 'wire' | 'raw'

/**
 * Compiles the catalogue's schemas, once per process.
 * @param instants tells whether a text is an instant
 */
export function createFamilyChecks(
  instants: (text: string) => number | null,
  form: SchemaForm,
): FamilyChecks {
  const ajv = new Ajv({
    strict: true,
    allowUnionTypes: true,
    strictTypes: false,
    strictRequired: false,
  })
  countFewTexts(ajv)
  ajv.addFormat('text', (text: string) => text.isWellFormed() && !text.includes('\0'))
  ajv.addFormat('date-time', (text: string) => instants(text) !== null)
  ajv.addFormat('iso-4217', isCurrencyCode)
  const checks = new Map<string, FamilyCheck>()
  for (const [type, family] of Object.entries<EventFamily>(CLIENT_FAMILIES)) {
    if (isClientEventType(type)) checks.set(type, checkOf(ajv, type, family, form))
  }
  return (eventType) => (typeof eventType === 'string' ? checks.get(eventType) : undefined)
}

function checkOf(
  ajv: Ajv,
  type: ClientEventType,
  family: EventFamily,
  form: SchemaForm,
): FamilyCheck {
  const schema = form === 'raw' ? (family.rawSchema ?? family.schema) : family.schema
  // Whoever is asked for a fault has an id, checked before: the same pattern twice is a tenth of it all.
  const validate = ajv.compile({ ...schema, properties: { ...schema.properties, event_id: {} } })
  const known = new Set(Object.keys(schema.properties))
  const nested = Object.entries(schema.properties).flatMap(
    ([name, { properties }]: [string, { properties?: object }]) =>
      properties === undefined ? [] : [{ name, known: new Set(Object.keys(properties)) }],
  )
  return {
    type,
    fault: (event) => (validate(event) ? null : pointerOf(validate)),
    unknownField(event) {
      for (const name in event) if (!known.has(name)) return `/${escaped(name)}`
      for (const { name, known: own } of nested) {
        for (const field in event[name] as Fields | undefined) {
          if (!own.has(field)) return `/${name}/${escaped(field)}`
        }
      }
      return null
    },
  }
}

function pointerOf({ errors }: ValidateFunction): string {
  const [error] = errors ?? []
  if (!error) return ''
  const { instancePath, params, propertyName } = error
  const field: unknown = params['missingProperty'] ?? params['propertyName'] ?? propertyName
  return typeof field === 'string' ? `${instancePath}/${escaped(field)}` : instancePath
}

/** RFC 6901. */
const escaped = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1')
