import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { elementsOf, memberAt } from './slices.ts'

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
