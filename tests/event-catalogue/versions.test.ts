// The gate for changes of the catalogue: every row of the table in docs/events.md, planted.
import { EVENT_FAMILIES } from '@questline/contracts'
import { describe, expect, it, test } from 'vitest'
import {
  type Bump,
  changesBetween,
  classify,
} from '../../packages/server/src/cli/schemas/classify.ts'
import { releaseFaults } from '../../packages/server/src/cli/schemas/release.ts'
import type { Json } from '../../packages/server/src/cli/schemas/schema-files.ts'
import { currentSchemas, releasedSchemas } from '../../packages/server/src/cli/schemas.ts'
import { ROOT } from '../docs/markdown.ts'

type Fields = Readonly<Record<string, Json>>

const FIELDS: Fields = {
  id: { type: 'string', minLength: 1, maxLength: 50 },
  amount: { type: 'integer', minimum: 0, maximum: 100, $comment: 'unit: ms' },
  flow: { type: 'string', enum: ['source', 'sink'] },
  connection: { type: 'string', minLength: 1, examples: ['wifi', 'cellular'] },
  name: { type: 'string', pattern: '^[a-z]+$' },
  at: { type: 'string', format: 'date-time' },
  level: {
    anyOf: [
      { type: 'string', maxLength: 64 },
      { type: 'integer', minimum: 0 },
    ],
  },
  free: { type: 'object', maxProperties: 50, additionalProperties: { maxLength: 1_024 } },
  info: { type: 'object', required: ['device'], properties: { device: { type: 'string' } } },
  list: { type: 'array', items: { type: 'integer' }, maxItems: 5 },
}
const REQUIRED = ['id', 'amount', 'flow', 'level']
const WAYS: Json = { anyOf: [{ required: ['name'] }, { required: ['connection'] }] }

const aSchema = (fields: Fields = FIELDS, required = REQUIRED, more: Json = WAYS): Json => ({
  $id: 'urn:questline:planted:1-0-0',
  type: 'object',
  title: 'planted',
  properties: fields,
  required,
  ...more,
})
/** The schema with one field replaced. */
const withField = (name: string, changes: Json): Json =>
  aSchema({ ...FIELDS, [name]: { ...FIELDS[name], ...changes } })
const without = (name: string): Fields =>
  Object.fromEntries(Object.entries(FIELDS).filter(([field]) => field !== name))
const renamed = (name: string, to: string, required = REQUIRED): Json =>
  aSchema({ ...without(name), [to]: FIELDS[name] ?? {} }, required)
const text = { type: 'string' }

const ROWS: readonly (readonly [Bump, string, Json])[] = [
  ['none', 'nothing', aSchema()],
  [
    'none',
    'another order of the fields',
    aSchema(Object.fromEntries(Object.entries(FIELDS).reverse())),
  ],
  ['none', 'another order of what is required', aSchema(FIELDS, [...REQUIRED].reverse())],
  ['none', 'other wording', withField('id', { description: 'Who.', title: 'Id', default: 'x' })],
  ['none', 'another example of the whole', aSchema(FIELDS, REQUIRED, { ...WAYS, examples: [{}] })],

  ['addition', 'an optional field added', aSchema({ ...FIELDS, extra: text })],
  [
    'addition',
    'an optional nested field added',
    withField('info', { properties: { device: text, os: text } }),
  ],
  ['addition', 'a longer text', withField('id', { maxLength: 51 })],
  ['addition', 'a shorter text allowed', withField('id', { minLength: 0 })],
  [
    'addition',
    'a length without end',
    aSchema({ ...FIELDS, id: { type: 'string', minLength: 1 } }),
  ],
  ['addition', 'a greater maximum', withField('amount', { maximum: 101 })],
  ['addition', 'a smaller minimum', withField('amount', { minimum: -1 })],
  ['addition', 'more properties', withField('free', { maxProperties: 51 })],
  [
    'addition',
    'longer values within',
    withField('free', { additionalProperties: { maxLength: 2_048 } }),
  ],
  ['addition', 'more items', withField('list', { maxItems: 6 })],
  [
    'addition',
    'a new value in an open list',
    withField('connection', { examples: ['wifi', 'cellular', 'wired'] }),
  ],
  ['addition', 'a pattern taken away', aSchema({ ...FIELDS, name: text })],
  [
    'addition',
    'longer text in one of two types',
    withField('level', {
      anyOf: [
        { type: 'string', maxLength: 65 },
        { type: 'integer', minimum: 0 },
      ],
    }),
  ],

  ['revision', 'an optional field removed', aSchema(without('name'))],
  ['revision', 'an optional field renamed', renamed('at', 'when')],
  ['revision', 'an optional field retyped', withField('name', { type: 'integer' })],
  ['revision', 'a shorter text', withField('id', { maxLength: 49 })],
  ['revision', 'a longer text demanded', withField('id', { minLength: 2 })],
  ['revision', 'a smaller maximum', withField('amount', { maximum: 99 })],
  ['revision', 'a greater minimum', withField('amount', { minimum: 1 })],
  ['revision', 'a minimum where none was', withField('list', { minItems: 1 })],
  ['revision', 'fewer properties', withField('free', { maxProperties: 49 })],
  [
    'revision',
    'shorter values within',
    withField('free', { additionalProperties: { maxLength: 10 } }),
  ],
  ['revision', 'no other properties', withField('info', { additionalProperties: false })],
  ['revision', 'a pattern where none was', withField('id', { pattern: '^p_' })],
  ['revision', 'another pattern', withField('name', { pattern: '^[a-z0-9]+$' })],
  ['revision', 'another format', withField('at', { format: 'date' })],
  ['revision', 'a value gone from an open list', withField('connection', { examples: ['wifi'] })],
  ['revision', 'a value gone from a closed list', withField('flow', { enum: ['source'] })],
  [
    'revision',
    'a new value in a closed list',
    withField('flow', { enum: ['source', 'sink', 'both'] }),
  ],
  [
    'revision',
    'a closed list opened',
    aSchema({ ...FIELDS, flow: { type: 'string', examples: ['source', 'sink'] } }),
  ],
  [
    'revision',
    'an open list closed',
    aSchema({
      ...FIELDS,
      connection: { type: 'string', minLength: 1, enum: ['wifi', 'cellular'] },
    }),
  ],
  ['revision', 'required made optional', aSchema(FIELDS, REQUIRED.slice(1))],
  ['revision', 'nested required made optional', withField('info', { required: [] })],
  [
    'revision',
    'one more way to name the player',
    aSchema(FIELDS, REQUIRED, { anyOf: [...(WAYS['anyOf'] as Json[]), { required: ['at'] }] }),
  ],
  ['revision', 'no way demanded any more', aSchema(FIELDS, REQUIRED, {})],

  ['model', 'a required field added', aSchema({ ...FIELDS, extra: text }, [...REQUIRED, 'extra'])],
  ['model', 'a required field removed', aSchema(without('id'), REQUIRED.slice(1))],
  ['model', 'a required field renamed', renamed('id', 'key', ['key', ...REQUIRED.slice(1)])],
  ['model', 'a required field retyped', withField('id', { type: 'integer' })],
  ['model', 'a whole number made a number', withField('amount', { type: 'number' })],
  [
    'model',
    'a type added to a required field',
    withField('level', { anyOf: [{ type: 'string' }, { type: 'integer' }, { type: 'boolean' }] }),
  ],
  [
    'model',
    'a type taken from a required field',
    withField('level', { anyOf: [{ type: 'string', maxLength: 64 }] }),
  ],
  ['model', 'optional made required', aSchema(FIELDS, [...REQUIRED, 'name'])],
  [
    'model',
    'a nested required field added',
    withField('info', { required: ['device', 'os'], properties: { device: text, os: text } }),
  ],
  ['model', 'a nested required field removed', withField('info', { required: [], properties: {} })],
  ['model', 'another unit', withField('amount', { $comment: 'unit: s' })],
  ['model', 'a unit gone', withField('amount', { $comment: undefined })],
  [
    'model',
    'one way fewer to name the player',
    aSchema(FIELDS, REQUIRED, { anyOf: [{ required: ['name'] }] }),
  ],
  ['model', 'a word that the check does not know', withField('amount', { multipleOf: 5 })],
]

describe('a change is classified', () => {
  it.each(ROWS)('%s: %s', (bump, _, after) => expect(classify(aSchema(), after)).toBe(bump))

  it('by the most that any part of it needs', () => {
    const after = aSchema(
      { ...without('id'), amount: { type: 'integer' }, extra: text },
      REQUIRED.slice(1),
    )
    expect(classify(aSchema(), after)).toBe('model')
  })

  it('and says where it is', () => {
    const after = withField('info', { properties: { device: { type: 'string', maxLength: 9 } } })
    expect(changesBetween(aSchema(), after)).toEqual([
      { bump: 'revision', path: '/info/device', what: 'maxLength was none, is 9' },
    ])
  })
})

describe('a version', () => {
  const NEEDS: Readonly<Record<Bump, Json>> = {
    none: aSchema(),
    addition: withField('id', { maxLength: 51 }),
    revision: withField('id', { maxLength: 49 }),
    model: withField('id', { type: 'integer' }),
  }
  const faults = (needs: Bump, version: string, before = '1-0-0'): number => {
    const at = (schema: Json, its: string) =>
      new Map([['planted', { ...schema, $id: `urn:questline:planted:${its}` }]])
    return releaseFaults(at(aSchema(), before), at(NEEDS[needs], version)).length
  }

  test.each([
    ['none', ['1-0-0', '1-0-1', '2-0-0'], ['0-9-9']],
    ['addition', ['1-0-1', '1-0-12', '1-1-0', '2-0-0'], ['1-0-0', '0-9-9']],
    ['revision', ['1-1-0', '2-0-0'], ['1-0-0', '1-0-1', '0-9-9']],
    ['model', ['2-0-0', '10-0-0'], ['1-0-0', '1-0-1', '1-1-0', '0-9-9']],
  ] as const)('must grow by what changed: %s', (needs, enough, tooSmall) => {
    for (const version of enough) expect(faults(needs, version), version).toBe(0)
    for (const version of tooSmall) expect(faults(needs, version), version).toBeGreaterThan(0)
  })

  it('goes up number by number, not letter by letter', () => {
    expect(faults('addition', '1-0-10', '1-0-9')).toBe(0)
    expect(faults('addition', '1-0-9', '1-0-10')).toBe(1)
    expect(faults('none', '1-9-9', '2-0-0')).toBe(1)
  })

  it('of a family that is gone cannot grow', () => {
    const released = new Map([['planted', aSchema()]])
    expect(releaseFaults(released, new Map())).toEqual([
      'planted: a released family is gone, and events of it are in the log',
    ])
  })

  it('of a new family is as it likes', () => {
    expect(releaseFaults(new Map(), new Map([['planted', aSchema()]]))).toEqual([])
  })
})

describe('the catalogue', () => {
  test('follows the last release: where this fails, let the version in the family’s file grow', async () => {
    expect(releaseFaults(await releasedSchemas(ROOT), currentSchemas())).toEqual([])
  })

  test('was released with every family, so that the check above has something to compare', async () => {
    const released = await releasedSchemas(ROOT)
    const names = EVENT_FAMILIES.map(({ name }) => name)
    for (const name of released.keys()) expect(names).toContain(name)
    expect(released.size).toBeGreaterThanOrEqual(19)
  })

  test('could not lose a released field unnoticed', async () => {
    const released = await releasedSchemas(ROOT)
    for (const [name, schema] of released) {
      for (const field of Object.keys(schema['properties'] as Json)) {
        const { [field]: _, ...kept } = schema['properties'] as Json
        const required = (schema['required'] as string[] | undefined)?.filter(
          (one) => one !== field,
        )
        const changed = { ...schema, properties: kept, required }
        const faults = releaseFaults(released, new Map([...released, [name, changed]]))
        expect(faults, `${name}: ${field}`).toHaveLength(1)
      }
    }
  })
})
