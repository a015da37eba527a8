import fc from 'fast-check'
import { expect, it, test } from 'vitest'
import { instantOf } from './instant.ts'

const NOON = Date.UTC(2026, 2, 1, 12)

it.each([
  ['2026-03-01T12:00:00Z', NOON],
  ['2026-03-01t12:00:00z', NOON],
  ['2026-03-01 12:00:00Z', NOON],
  ['2026-03-01T12:00:00.5Z', NOON + 500],
  ['2026-03-01T12:00:00.1239999Z', NOON + 123],
  ['2026-03-01T13:00:00+01:00', NOON],
  ['2026-03-01T06:30:00-05:30', NOON],
  ['2026-03-02T01:45:00+13:45', NOON],
  ['2026-03-01T12:00:00-00:00', NOON],
  ['2024-02-29T00:00:00Z', Date.UTC(2024, 1, 29)],
  ['0001-01-01T00:00:00Z', -62_135_596_800_000],
  ['2016-12-31T23:59:60Z', Date.UTC(2017, 0, 1)],
  ['2017-01-01T00:59:60+01:00', Date.UTC(2017, 0, 1)],
])('reads %s', (text, instant) => expect(instantOf(text)).toBe(instant))

it.each([
  '2026-03-01T12:00:00',
  '2026-03-01',
  '2026-03-01T12:00Z',
  '2026-02-30T12:00:00Z',
  '2026-02-29T12:00:00Z',
  '2026-13-01T12:00:00Z',
  '2026-00-01T12:00:00Z',
  '2026-03-00T12:00:00Z',
  '2026-03-01T24:00:00Z',
  '2026-03-01T12:60:00Z',
  '2026-03-01T12:00:61Z',
  '2026-03-01T12:00:60Z',
  '2026-03-01T12:00:00+24:00',
  '2026-03-01T12:00:00+01:60',
  '2026-03-01T12:00:00+0100',
  '2026-03-01T12:00:00.Z',
  ' 2026-03-01T12:00:00Z',
  '2026-03-01T12:00:00Z\n',
  '+002026-03-01T12:00:00Z',
  '20260301T120000Z',
  '1765000000',
  'not-a-date',
  '',
])('refuses %j', (text) => expect(instantOf(text)).toBeNull())

const instants = fc.integer({
  min: Date.parse('0000-01-02T00:00:00Z'),
  max: Date.parse('9999-12-30T00:00:00Z'),
})

test('an instant that is written down in any zone is read as it was', () => {
  const zones = fc.integer({ min: -23 * 60 - 59, max: 23 * 60 + 59 })
  fc.assert(
    fc.property(instants, zones, (instant, minutes) => {
      const local = new Date(instant + minutes * 60_000).toISOString().replace('Z', '')
      fc.pre(/^\d{4}-/.test(local))
      const two = (value: number) => String(Math.trunc(Math.abs(value))).padStart(2, '0')
      const zone = `${minutes < 0 ? '-' : '+'}${two(minutes / 60)}:${two(minutes % 60)}`
      expect(instantOf(local + zone)).toBe(instant)
    }),
  )
})

test('whatever it reads, the runtime reads as the same; it never throws', () => {
  const digits = fc.stringMatching(
    /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,3})?(Z|[+-]\d\d:\d\d)$/,
  )
  fc.assert(
    fc.property(fc.oneof(digits, fc.string()), (text) => {
      const instant = instantOf(text)
      if (instant === null || text.includes(':60')) return
      expect(instant).toBe(Date.parse(text.toUpperCase().replace(' ', 'T')))
    }),
    { numRuns: 2_000 },
  )
})
