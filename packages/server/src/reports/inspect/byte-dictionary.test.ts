import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createByteDictionary } from './byte-dictionary.ts'

/** What a dictionary holds after it saw these texts, each amid others. */
function textsOf(texts: readonly string[]): readonly string[] {
  const dictionary = createByteDictionary()
  for (const text of texts) {
    const bytes = Buffer.from(`ab${text}ab`)
    dictionary.see(bytes, 2, bytes.length - 2)
  }
  return dictionary.texts()
}

it('holds each text once, in the order in which they were first seen', () => {
  const text = fc.array(fc.constantFrom('a', 'b', 'ab', 'camp_', '\0', 'é'), { maxLength: 6 })
  fc.assert(
    fc.property(fc.array(text.map((parts) => parts.join(''))), (texts) => {
      expect(textsOf(texts)).toEqual([...new Set(texts)])
    }),
    { numRuns: 2_000 },
  )
})

// Some 50 ms; names that share their slots take minutes.
it('grows with what it sees, and stays quick', { timeout: 10_000 }, () => {
  const texts = Array.from({ length: 100_000 }, (_, n) => `camp_${n % 50_000}_summer`)
  expect(textsOf(texts)).toEqual(texts.slice(0, 50_000))
})
