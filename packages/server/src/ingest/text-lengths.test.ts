import { Ajv } from 'ajv'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { countFewTexts } from './text-lengths.ts'

const SCHEMA = {
  type: 'object',
  properties: { text: { type: 'string', minLength: 2, maxLength: 4 } },
  propertyNames: { maxLength: 6 },
  additionalProperties: { type: ['string', 'number'], maxLength: 3 },
}

describe('the lengths of texts', () => {
  const ours = new Ajv({ allowUnionTypes: true, strictTypes: false })
  countFewTexts(ours)
  const check = ours.compile(SCHEMA)
  const yardstick = new Ajv({ allowUnionTypes: true, strictTypes: false }).compile(SCHEMA)

  it('are counted as Ajv itself counts them, and faults have the same place', () => {
    const aText = fc.string({ unit: fc.constantFrom('a', 'é', '👾', '\ud83d'), maxLength: 10 })
    const aName = fc.oneof(fc.constantFrom('text', 'name'), aText)
    const anObject = fc.dictionary(aName, fc.oneof(aText, fc.nat()), { maxKeys: 3 })
    const placeOf = ({ errors }: typeof check) =>
      errors?.map(({ instancePath, keyword, propertyName }) => [
        instancePath,
        keyword,
        propertyName,
      ])
    fc.assert(
      fc.property(anObject, (object) => {
        expect(check(object)).toBe(yardstick(object))
        expect(placeOf(check)).toEqual(placeOf(yardstick))
      }),
      { numRuns: 5_000 },
    )
  })
})
