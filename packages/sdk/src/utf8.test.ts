import fc from 'fast-check'
import { expect, it } from 'vitest'
import { utf8Bytes } from './utf8.ts'

it('counts the bytes of any JSON text as its encoder makes them', () => {
  const text = fc.string({ unit: fc.constantFrom('a', '"', '\\', '\n', 'é', '€', '😀', '\ud800') })
  fc.assert(
    fc.property(fc.oneof(text, fc.string({ unit: 'binary' })), (value) => {
      const json = JSON.stringify(value)
      expect(utf8Bytes(json)).toBe(Buffer.byteLength(json))
    }),
  )
})
