import { compareBounds } from './compare-bounds.ts'
import { isJson, type Json } from './schema-files.ts'

/**
 * How much a change breaks, least first. A `model` breaks what was written before, a `revision` may,
 * an `addition` does not.
 */
export const BUMPS = ['none', 'addition', 'revision', 'model'] as const
export type Bump = (typeof BUMPS)[number]

export type Change = {
  readonly bump: Exclude<Bump, 'none'>
  /** JSON pointer of the field, as `/user-a-postmatch-info/device`. */
  readonly path: string
  readonly what: string
}

export const isSmaller = (a: Bump, b: Bump): boolean => BUMPS.indexOf(a) < BUMPS.indexOf(b)

/** The version that a change from `before` to `after` needs, both JSON Schemas of one family. */
export const classify = (before: Json, after: Json): Bump =>
  changesBetween(before, after).reduce<Bump>(
    (most, { bump }) => (isSmaller(most, bump) ? bump : most),
    'none',
  )

/** Every difference that a sender or a reader of events could notice; wording is none. */
export const changesBetween = (before: Json, after: Json): readonly Change[] =>
  compare(before, after, '', 'required')

/** Whether a field must be there: what breaks in one that must be breaks every event. */
type Presence = 'required' | 'optional'

function compare(before: Json, after: Json, path: string, presence: Presence): readonly Change[] {
  const change = (bump: Change['bump'], what: string): Change => ({ bump, path, what })
  if (typesOf(before) !== typesOf(after)) {
    const what = `was ${typesOf(before)}, is ${typesOf(after)}`
    return [change(presence === 'required' ? 'model' : 'revision', what)]
  }
  return [
    ...(unitOf(before) === unitOf(after)
      ? []
      : [change('model', `its unit was ${unitOf(before)}, is ${unitOf(after)}`)]),
    ...compareBounds(before, after).map(({ bump, what }) => change(bump, what)),
    ...compareFields(before, after, path),
    ...compareAlternatives(before, after, path, presence),
    ...compareInside(before, after, path),
    ...unknownChanges(before, after).map((word) =>
      change('model', `${word} changed, and this check cannot tell what that breaks`),
    ),
  ]
}

/** The JSON types that a value may have, in one text; alternatives count as far as they name types. */
function typesOf(schema: Json): string {
  const { type, const: only } = schema
  if (only !== undefined) return `always ${JSON.stringify(only)}`
  const own = Array.isArray(type) ? type.map(String) : typeof type === 'string' ? [type] : []
  const others = alternativesOf(schema)
    .map(typesOf)
    .filter((text) => text !== 'anything')
  return [...new Set([...own, ...others])].sort().join(' or ') || 'anything'
}

const unitOf = ({ $comment }: Json): string =>
  /^unit: (\S+)$/.exec(typeof $comment === 'string' ? $comment : '')?.[1] ?? 'not named'

const fieldsOf = ({ properties }: Json): Json => (isJson(properties) ? properties : {})
const requiredOf = ({ required }: Json): readonly unknown[] =>
  Array.isArray(required) ? required : []
const alternativesOf = ({ anyOf }: Json): readonly Json[] =>
  Array.isArray(anyOf) ? anyOf.filter(isJson) : []

function compareFields(before: Json, after: Json, path: string): readonly Change[] {
  const [old, now] = [fieldsOf(before), fieldsOf(after)]
  const names = [...new Set([...Object.keys(old), ...Object.keys(now)])]
  return names.flatMap((name) => {
    const presence = (schema: Json): Presence =>
      requiredOf(schema).includes(name) ? 'required' : 'optional'
    const [was, is] = [presence(before), presence(after)]
    const [oldField, field] = [old[name], now[name]]
    const at = `${path}/${name}`
    if (!isJson(oldField)) {
      return [{ bump: is === 'required' ? 'model' : 'addition', path: at, what: `${is}, added` }]
    }
    if (!isJson(field)) {
      return [
        { bump: was === 'required' ? 'model' : 'revision', path: at, what: `${was}, removed` },
      ]
    }
    return [
      ...presenceChange(was, is, at),
      ...compare(oldField, field, at, was === 'required' || is === 'required' ? 'required' : was),
    ]
  })
}

function presenceChange(was: Presence, is: Presence, path: string): readonly Change[] {
  if (was === is) return []
  // Events that were good without it are not any more; the other way round only readers may stumble.
  return [{ bump: is === 'required' ? 'model' : 'revision', path, what: `was ${was}, is ${is}` }]
}

/** `anyOf`: either types of one field, or sets of fields of which one must be there. */
function compareAlternatives(
  before: Json,
  after: Json,
  path: string,
  presence: Presence,
): readonly Change[] {
  const [old, now] = [byKey(alternativesOf(before)), byKey(alternativesOf(after))]
  const kept = [...old].flatMap(([key, schema]) => {
    const same = now.get(key)
    return same ? compare(schema, same, path, presence) : []
  })
  const gone = [...old.keys()].filter((key) => !now.has(key))
  const added = [...now.keys()].filter((key) => !old.has(key))
  if (gone.length === 0 && added.length === 0) return kept
  const what = `one of ${[...old.keys()].join(', ') || 'nothing'} was needed, now ${[...now.keys()].join(', ') || 'nothing'}`
  // With fewer ways, or with any where there were none, events that were good are not any more.
  const isStricter = gone.length > 0 ? now.size > 0 : old.size === 0
  return [...kept, { bump: isStricter ? 'model' : 'revision', path, what }]
}

const byKey = (alternatives: readonly Json[]): ReadonlyMap<string, Json> =>
  new Map(
    alternatives.map((schema) => [
      Array.isArray(schema['required']) ? schema['required'].join(' and ') : typesOf(schema),
      schema,
    ]),
  )

/** Schemas within a schema that have no name of a field. */
const INSIDE = ['items', 'additionalProperties', 'propertyNames'] as const

function compareInside(before: Json, after: Json, path: string): readonly Change[] {
  return INSIDE.flatMap((word): readonly Change[] => {
    const [old, now] = [before[word], after[word]]
    if (isJson(old) && isJson(now)) return compare(old, now, `${path}/*`, 'optional')
    if (JSON.stringify(old ?? true) === JSON.stringify(now ?? true)) return []
    const isWider = (now ?? true) === true
    const what = isWider ? `takes any ${word}` : `takes fewer ${word}`
    return [{ bump: isWider ? 'addition' : 'revision', path, what }]
  })
}

const WORDING = ['$id', '$schema', '$comment', 'title', 'description', 'examples', 'default']
const UNDERSTOOD = [
  ...['type', 'const', 'enum', 'properties', 'required', 'anyOf', 'pattern', 'format'],
  ...['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'minLength', 'maxLength'],
  ...['minItems', 'maxItems', 'minProperties', 'maxProperties'],
]

/** Words that are in neither list are no reason to wave a change through. */
function unknownChanges(before: Json, after: Json): readonly string[] {
  const known: readonly string[] = [...WORDING, ...UNDERSTOOD, ...INSIDE]
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
    (word) => !known.includes(word) && JSON.stringify(before[word]) !== JSON.stringify(after[word]),
  )
}
