// What the classes promise, for random schemas: after `none` or `addition` every event that was good
// still is. Random events are drawn from the older schema and checked against the newer one.
import { Ajv } from 'ajv'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { classify } from '../../packages/server/src/cli/schemas/classify.ts'
import type { Json } from '../../packages/server/src/cli/schemas/schema-files.ts'

const small = fc.integer({ min: 0, max: 4 })
const range = (low: string, high: string): fc.Arbitrary<Json> =>
  fc.record({ [low]: fc.option(small), width: fc.option(small) }).map(({ [low]: from, width }) => ({
    ...(from === null || from === undefined ? {} : { [low]: from }),
    ...(width === null || width === undefined ? {} : { [high]: (from ?? 0) + width }),
  }))
const words = fc.subarray(['a', 'bb', 'ccc'], { minLength: 1 })

const field: fc.Arbitrary<Json> = fc.oneof(
  range('minimum', 'maximum').map((bounds) => ({ type: 'integer', ...bounds })),
  range('minimum', 'maximum').map((bounds) => ({ type: 'number', ...bounds })),
  range('minLength', 'maxLength').map((bounds) => ({ type: 'string', ...bounds })),
  words.map((values) => ({ type: 'string', enum: values })),
  words.map((values) => ({ type: 'string', examples: values })),
  range('minItems', 'maxItems').map((bounds) => ({
    type: 'array',
    items: { type: 'integer' },
    ...bounds,
  })),
  fc.constant({ type: 'boolean' }),
)
const NAMES = ['p', 'q', 'r'] as const

/** A schema over few names, so that two of them have much in common. */
const schemas: fc.Arbitrary<Json> = fc
  .record({
    fields: fc.dictionary(fc.constantFrom(...NAMES), field, { noNullPrototype: true }),
    demanded: fc.subarray([...NAMES]),
    ways: fc.subarray([...NAMES]),
  })
  .map(({ fields, demanded, ways }) => ({
    type: 'object',
    properties: fields,
    required: demanded.filter((name) => name in fields),
    ...(ways.length > 0 ? { anyOf: ways.map((name) => ({ required: [name] })) } : {}),
  }))

/** Two schemas of which the second is mostly the first with one field changed, else another. */
const pairs = fc.oneof(
  fc.tuple(schemas, schemas),
  fc
    .tuple(schemas, fc.constantFrom(...NAMES), field, fc.boolean())
    .map(([before, name, changed, optional]): [Json, Json] => [
      before,
      {
        ...before,
        properties: { ...(before['properties'] as Json), [name]: changed },
        ...(optional ? { required: [] } : {}),
      },
    ]),
)

const value = fc.oneof(
  fc.integer({ min: -1, max: 9 }),
  fc.double({ min: -1, max: 9, noNaN: true }),
  fc.constantFrom('', 'a', 'bb', 'ccc', 'dddd', 'eeeeeeeee'),
  fc.boolean(),
  fc.array(fc.integer(), { maxLength: 9 }),
)
const events = fc.dictionary(fc.constantFrom(...NAMES, 'z'), value, { noNullPrototype: true })

test('what was good stays good through none and addition', () => {
  const seen = { addition: 0, compared: 0 }
  fc.assert(
    fc.property(
      pairs,
      fc.array(events, { minLength: 30, maxLength: 30 }),
      ([before, after], sent) => {
        const bump = classify(before, after)
        if (bump !== 'none' && bump !== 'addition') return
        const ajv = new Ajv({ strict: false })
        const [wasGood, isGood] = [ajv.compile(before), ajv.compile(after)]
        seen.addition += bump === 'addition' ? 1 : 0
        for (const event of sent.filter((one) => wasGood(one))) {
          seen.compared += 1
          // A field that came new may refuse what stood under its name unknown: nobody was promised it.
          const known = Object.entries(event).filter(
            ([name]) =>
              name in (before['properties'] as Json) || !(name in (after['properties'] as Json)),
          )
          const kept = Object.fromEntries(known)
          if (wasGood(kept))
            expect(isGood(kept), `${bump}: ${ajv.errorsText(isGood.errors)}`).toBe(true)
        }
      },
    ),
    { numRuns: 3_000 },
  )
  expect(seen.addition).toBeGreaterThan(50)
  expect(seen.compared).toBeGreaterThan(1_000)
}, 120_000)

test('a schema does not differ from itself, nor from itself written otherwise', () => {
  const otherwise = (json: unknown): unknown =>
    typeof json === 'object' && json !== null && !Array.isArray(json)
      ? Object.fromEntries(
          Object.entries(json)
            .reverse()
            .map(([name, inner]) => [name, otherwise(inner)]),
        )
      : json
  fc.assert(
    fc.property(schemas, (schema) => {
      expect(classify(schema, otherwise(schema) as Json)).toBe('none')
    }),
  )
})
