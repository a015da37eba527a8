import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { elementsOf, likeObjectsOf, memberAt } from './slices.ts'

/** JSON text with white space and escapes where they may stand, beside what it says. */
const space = fc.constantFrom('', '', '', ' ', '\n', '\t ', '\r\n')
const aText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 8 }).map((text) => JSON.stringify(text)),
  fc.constantFrom('"]"', '"[{"', '"\\""', '"\\\\"', '",events"', '"\\u005d"', '"é👾"'),
)
const anAtom = fc.oneof(aText, fc.constantFrom('1', '-1.5e3', 'true', 'null', '0'))
const { value: aValue } = fc.letrec<{ value: string; list: string; object: string }>((tie) => ({
  value: fc.oneof({ depthSize: 'small' }, anAtom, tie('list'), tie('object')),
  list: fc
    .tuple(space, fc.array(fc.tuple(space, tie('value'), space), { maxLength: 4 }))
    .map(
      ([inner, all]) => `[${all.length === 0 ? inner : all.map((each) => each.join('')).join()}]`,
    ),
  object: fc
    .tuple(
      space,
      fc.array(fc.tuple(space, aText, space, space, tie('value'), space), { maxLength: 4 }),
    )
    .map(([inner, all]) => {
      const members = all.map(([a, name, b, c, value, d]) => `${a}${name}${b}:${c}${value}${d}`)
      return `{${members.length === 0 ? inner : members.join()}}`
    }),
}))

const cut = (text: string, slices: readonly number[]): string[] =>
  slices.flatMap((start, i) => (i % 2 === 0 ? [text.slice(start, slices[i + 1])] : []))

describe('the elements of a list', () => {
  it('are cut out so that each says what JSON.parse reads there, and no white space is around', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(space, aValue, space), { maxLength: 6 }),
        fc.string(),
        (all, rest) => {
          const text = `[${all.map((each) => each.join('')).join()}]${rest}`
          const { slices, end } = elementsOf(text, 0)
          expect(cut(text, slices)).toEqual(all.map(([, value]) => value))
          expect(text.slice(end)).toBe(rest)
        },
      ),
      { numRuns: 2_000 },
    )
  })
})

describe('the objects of a list that begin alike', () => {
  const plainText = fc.constantFrom('"a"', '"},{"', '"\\"},{\\"id\\":"', '"]}"', '"}"', '" "')
  const aField = fc.tuple(
    fc.constantFrom('"id"', '"b"', '","', '"},{"'),
    fc.oneof(
      plainText,
      fc.constantFrom('1', '{}', '{"id":1}', '{"a":{"id":"}"}}', '[{"id":1},{"id":2}]'),
    ),
  )
  const anObject = fc
    .tuple(
      fc.constantFrom('"id":1', '"id":1', '"id":1', '"a":"},{"'),
      fc.array(aField, { maxLength: 3 }),
    )
    .map(([first, rest]) => `{${[first, ...rest.map((field) => field.join(':'))].join()}}`)
  const aSpace = fc.constantFrom('', '', '', '', ' ')

  it('are found where they are, or not at all', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(aSpace, anObject, aSpace), { maxLength: 5 }), (all) => {
        const text = `{"events":[${all.map((each) => each.join('')).join()}]}`
        const found = likeObjectsOf(text, 10, all.length)
        if (found !== null) expect(found).toEqual(elementsOf(text, 10))
      }),
      { numRuns: 5_000 },
    )
  })

  it('are not looked for by a name that may be the end of a text and a comma', () => {
    const text = '[{",":"},{",":":1}, {",":1}]'
    expect(JSON.parse(text)).toHaveLength(2)
    expect(likeObjectsOf(text, 0, 2)).toBeNull()
  })

  it('are found where they are written as JSON.stringify writes them, whatever their texts are', () => {
    fc.assert(
      fc.property(fc.array(plainText, { minLength: 1 }), (texts) => {
        const objects = texts.map((text) => `{"id":{"a":${text}}}`)
        const text = `[${objects.join()}]`
        const { slices = [] } = likeObjectsOf(text, 0, texts.length) ?? {}
        expect(cut(text, slices)).toEqual(objects)
      }),
    )
  })
})

describe('the place of a member', () => {
  it('is that of the last one of its name, whatever stands around and within', () => {
    const aName = fc.oneof(
      fc.constantFrom('"events"', '"\\u0065vents"', '"event"', '"eventss"'),
      aText,
    )
    const aMember = fc.tuple(space, aName, space, space, aValue, space)
    fc.assert(
      fc.property(fc.array(aMember, { maxLength: 6 }), (all) => {
        const text = `{${all.map(([a, name, b, c, value, d]) => `${a}${name}${b}:${c}${value}${d}`).join()}}`
        const at = memberAt(text, 'events')
        const wanted = all.findLast(([, name]) => JSON.parse(name) === 'events')?.[4]
        if (wanted === undefined) expect(at).toBe(-1)
        else expect(text.slice(at, at + wanted.length)).toBe(wanted)
      }),
      { numRuns: 2_000 },
    )
  })
})
