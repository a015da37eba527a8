import { hash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalJson, DEPTH_MAX, fingerprintOf, TooDeepError } from './canonical.ts'

const isWhole = (name: string) => /^(?:0|[1-9]\d*)$/.test(name) && Number(name) < 2 ** 32 - 1

/** What it is by definition, written name by name. */
function written(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(written).join()}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const names = Object.keys(value)
  const whole = names.filter(isWhole).sort((a, b) => Number(a) - Number(b))
  const others = names.filter((name) => !isWhole(name)).sort((a, b) => (a < b ? -1 : 1))
  const fields = value as Record<string, unknown>
  const members = [...whole, ...others].map(
    (name) => `${JSON.stringify(name)}:${written(fields[name])}`,
  )
  return `{${members.join()}}`
}

const anObject = fc.dictionary(
  fc.oneof(
    fc.string(),
    fc.constantFrom('a', 'b', 'a\nb', '1', '10', '2', '01', '4294967295', 'é', '\ud800'),
  ),
  fc.jsonValue(),
)

describe('canonical JSON', () => {
  it('is what sorting the names and serialising gives', () => {
    fc.assert(
      fc.property(anObject, (fields) => {
        const read = JSON.parse(JSON.stringify(fields))
        expect(canonicalJson(read)).toBe(written(read))
      }),
      { numRuns: 2_000 },
    )
  })

  it('does not depend on the order of names, and a fingerprint is the head of its SHA-256', () => {
    const event = { b: [1, { d: 1, c: 'x' }], a: 1.5, '10': null, '9': true }
    const turned = { a: 1.5, '9': true, '10': null, b: [1, { c: 'x', d: 1 }] }
    const text = '{"9":true,"10":null,"a":1.5,"b":[1,{"c":"x","d":1}]}'
    expect([canonicalJson(event), canonicalJson(turned)]).toEqual([text, text])
    const digest = hash('sha256', text, 'buffer').subarray(0, 8)
    expect(Buffer.from(fingerprintOf(turned), 'latin1')).toEqual(digest)
  })

  it.each([
    [{ a: 1 }, { a: '1' }],
    [{ a: null }, {}],
    [{ a: [1, 2] }, { a: [2, 1] }],
    [{ a: { b: 1 } }, { a: {}, b: 1 }],
    [{ 'a\nb': 1 }, { a: 1, b: 1 }],
  ])('tells %j from %j', (one, other) => {
    expect(fingerprintOf(one)).not.toBe(fingerprintOf(other))
  })

  it('refuses what is deeper than any event, at any depth', () => {
    const nested = (depth: number): unknown =>
      JSON.parse(`${'['.repeat(depth)}${']'.repeat(depth)}`)
    expect(canonicalJson(nested(DEPTH_MAX))).toHaveLength(2 * DEPTH_MAX)
    for (const depth of [DEPTH_MAX + 3, 16_000]) {
      expect(() => canonicalJson(nested(depth))).toThrow(TooDeepError)
    }
  })
})
