import { EVENT_FAMILIES, type EventFamily, LIMITS } from '@questline/contracts'

export type Json = { readonly [name: string]: unknown }
/** Path below the folder of schemas → text. */
export type Files = ReadonlyMap<string, string>

const DRAFT = 'https://json-schema.org/draft/2020-12/schema'

/** The name under which schemas refer to each other, and which tells the version. */
export const schemaId = ({ name, version }: Pick<EventFamily, 'name' | 'version'>): string =>
  `urn:questline:${name}:${version}`

export const isJson = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Formats that only our server checks: a tool that does not know one refuses the whole schema. */
const OWN_FORMATS: readonly unknown[] = ['text', 'iso-4217']

function plain(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(plain)
  if (!isJson(schema)) return schema
  const known = Object.entries(schema).filter(
    ([name, value]) => name !== 'format' || !OWN_FORMATS.includes(value),
  )
  return Object.fromEntries(known.map(([name, value]) => [name, plain(value)]))
}

/** What other tools read: plain JSON Schema, with the family's version and example. */
export function familySchema(family: EventFamily): Json {
  const schema = plain(family.schema)
  if (!isJson(schema)) throw new Error(`${family.name} has no schema`)
  return { $schema: DRAFT, $id: schemaId(family), ...schema, examples: [family.example] }
}

/** A batch of which each event is accepted. One that is not does not spoil the others. */
function batchSchema(): Json {
  const sent = EVENT_FAMILIES.filter(({ kind }) => kind === 'client')
  return {
    $schema: DRAFT,
    $id: 'urn:questline:batch',
    title: 'batch',
    description: 'The body of `POST /v1/events`, with events of which each is accepted.',
    type: 'object',
    required: ['events'],
    properties: {
      events: {
        type: 'array',
        maxItems: LIMITS.batchEventsMax,
        items: { anyOf: sent.map((family) => ({ $ref: schemaId(family) })) },
      },
    },
    examples: [{ events: sent.slice(0, 2).map(({ example }) => example) }],
  }
}

const textOf = (json: Json): string => `${JSON.stringify(json, null, 2)}\n`

/** The schema of each family under `<name>.json`, and of a batch. */
export function schemaFiles(families: readonly EventFamily[] = EVENT_FAMILIES): Files {
  const files = families.map(
    (family) => [`${family.name}.json`, textOf(familySchema(family))] as const,
  )
  return new Map([...files, ['batch.json', textOf(batchSchema())]])
}
