import { instantOf } from '@questline/contracts'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createInstants } from './instants.ts'
import { uuidOfNames } from './uuid.ts'

describe('an instant', () => {
  it('is what the contract says, whatever was asked before', () => {
    const instants = createInstants()
    const digits = fc.stringMatching(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/)
    const real = fc
      .date({ noInvalidDate: true, min: new Date('0000-01-01'), max: new Date('9999-12-31') })
      .map((date) => date.toISOString())
    const odd = fc.constantFrom(
      ...['2026-03-01T12:00:00.000Z', '2026-02-29T12:00:00.000Z', '2024-02-29T12:00:00.000Z'],
      ...['2026-03-01t12:00:00.000z', '2026-03-01 12:00:00.000Z', '2026-12-31T23:59:60.000Z'],
      ...['2026-03-01T24:00:00.000Z', '2026-03-01T1a:00:00.000Z', '2026-03-01T12:00:00.0000Z'],
      ...['2026-03-01T12-00:00.000Z', '2026-03-01T12:00:00+01:00', '2026-03-01T12:00:00', ''],
    )
    const changed = fc
      .tuple(real, fc.nat({ max: 23 }), fc.string({ minLength: 1, maxLength: 1 }))
      .map(([text, at, other]) => text.slice(0, at) + other + text.slice(at + 1))
    fc.assert(
      fc.property(fc.oneof(digits, real, odd, changed), (text) => {
        expect(instants(text)).toBe(instantOf(text))
        expect(instants(text)).toBe(instantOf(text))
      }),
      { numRuns: 3_000 },
    )
  })
})

describe('the id that names stand for', () => {
  it('is a UUID of version 5, always the same, and of these names alone', () => {
    const id = uuidOfNames('default', 'events.ndjson', 1)
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(uuidOfNames('default', 'events.ndjson', 1)).toBe(id)
    const others = [
      ['default', 'events.ndjson', 2],
      ['default', 'events.ndjson1'],
      ['default,events.ndjson', 1],
    ]
    for (const names of others) expect(uuidOfNames(...names)).not.toBe(id)
  })
})
