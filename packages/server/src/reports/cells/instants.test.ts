import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type InputZone, readInputZone, UTC } from './input-zone.ts'
import { formatDay, formatInstant, parseDay, parseInstant } from './instants.ts'

const zoneOf = (name: string): InputZone => readInputZone(name) ?? expect.unreachable(name)
const inUtc = (text: string, zone = UTC) => {
  const { instant } = parseInstant(text, zone)
  return instant === undefined ? undefined : formatInstant(instant)
}

describe('parseInstant', () => {
  it.each([
    ['2026-03-04 15:16:17', '2026-03-04T15:16:17Z'],
    ['2026-03-04T15:16', '2026-03-04T15:16:00Z'],
    ['\u00a02026-03-04T15:16:17Z \n', '2026-03-04T15:16:17Z'],
    ['2026-03-04T15:16:17z', '2026-03-04T15:16:17Z'],
    ['2026-03-04 15:16:17 UTC', '2026-03-04T15:16:17Z'],
    ['2026-03-04 15:16:17.898+0000', '2026-03-04T15:16:17.898Z'],
    ['2026-03-04 15:16:17.1234569', '2026-03-04T15:16:17.123456Z'],
    ['2026-03-04T15:16:17 +02', '2026-03-04T13:16:17Z'],
    ['2026-03-04T15:16:17-05:30', '2026-03-04T20:46:17Z'],
    ['2026-01-01T00:30+23:59', '2025-12-31T00:31:00Z'],
    ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00Z'],
    ['1970-01-01 00:00:00', '1970-01-01T00:00:00Z'],
    ['1969-12-31T23:00:00-01:00', '1970-01-01T00:00:00Z'],
    ['2199-12-31 23:59:59.999999', '2199-12-31T23:59:59.999999Z'],
  ])('reads %j as %s', (text, instant) => expect(inUtc(text)).toBe(instant))

  it.each([
    ...['', 'null', 'NaN', '2026-03-04', '15:16:17', '###########', '1/21/2021 23:30'],
    ...['2026-02-29 00:00:00', '2100-02-29 00:00:00', '2026-04-31 00:00:00', '2026-13-01 00:00:00'],
    ...['2026-00-10 00:00:00', '2026-01-00 00:00:00', '26-01-01 00:00:00', '2026-1-2 3:04:05'],
    ...[
      '2026-01-01 24:00:00',
      '2026-01-01 23:60:00',
      '2026-12-31 23:59:60',
      '2026-01-01T00:00:00.',
    ],
    ...['2026-01-01 00:00:00  Z', '2026-01-01  00:00:00', '2026-01-01 00:00:00+24:00'],
    ...['2026-01-01 00:00:00+01:60', '2026-01-01 00:00:00 CET', '2026-01-01t00:00:00'],
    ...['1969-12-31 23:59:59', '1970-01-01T00:00:00+00:01', '2199-12-31T23:59:59-00:01'],
    ...['0026-01-01 00:00:00', '10000-01-01 00:00:00', '２０２６-01-01 00:00:00', '1772637377'],
  ])('finds %j unreadable', (text) =>
    expect(parseInstant(text, UTC)).toEqual({ reason: 'unreadable-time' }),
  )

  it.each([
    ['Europe/Berlin', '2026-07-01 12:00:00', '2026-07-01T10:00:00Z'],
    ['europe/berlin', '2026-01-01 12:00:00', '2026-01-01T11:00:00Z'],
    ['Europe/Berlin', '2026-03-29 01:59:59', '2026-03-29T00:59:59Z'],
    ['Europe/Berlin', '2026-03-29 02:30:00', '2026-03-29T01:30:00Z'],
    ['Europe/Berlin', '2026-03-29 03:00:00', '2026-03-29T01:00:00Z'],
    ['Europe/Berlin', '2026-10-25 02:30:00', '2026-10-25T00:30:00Z'],
    ['Europe/Berlin', '2026-10-25 03:00:00', '2026-10-25T02:00:00Z'],
    ['Europe/Berlin', '2026-07-01T12:00:00Z', '2026-07-01T12:00:00Z'],
    // Liberia's clocks went 44 minutes and 30 seconds ahead, within a quarter of an hour.
    ['Africa/Monrovia', '1972-01-07 00:44:00', '1972-01-07T01:28:30Z'],
    ['Africa/Monrovia', '1972-01-07 00:44:45', '1972-01-07T00:44:45Z'],
    ['+05:30', '2026-01-01 05:30:00', '2026-01-01T00:00:00Z'],
    ['-03:00', '2026-01-01 00:00:00.25', '2026-01-01T03:00:00.25Z'],
  ])('reads in %s the time %s as %s', (zone, text, instant) =>
    expect(inUtc(text, zoneOf(zone))).toBe(instant),
  )

  it('agrees with Temporal in zones that move their clocks', () => {
    const zones = ['America/New_York', 'Australia/Lord_Howe', 'Africa/Monrovia', 'Asia/Kathmandu']
    fc.assert(
      fc.property(
        fc.constantFrom(...zones.map(zoneOf)),
        fc.oneof(
          fc.integer({ min: 86_400, max: 2_000_000_000 }),
          // Around changes of clocks: New York in spring, Lord Howe in autumn.
          fc.integer({ min: 1_772_926_200, max: 1_772_947_800 }),
          fc.integer({ min: 1_775_340_000, max: 1_775_361_600 }),
        ),
        (zone, seconds) => {
          const wall = new Date(seconds * 1_000).toISOString().slice(0, 19)
          const { epochMilliseconds } = Temporal.PlainDateTime.from(wall).toZonedDateTime(zone.name)
          expect(parseInstant(wall, zone)).toEqual({ instant: BigInt(epochMilliseconds) * 1_000n })
        },
      ),
      { numRuns: 3_000 },
    )
  })

  it('reads back what formatInstant printed', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 7_258_118_399_999_999n), (instant) => {
        expect(parseInstant(formatInstant(instant), UTC)).toEqual({ instant })
      }),
      { numRuns: 5_000 },
    )
  })

  it('takes no longer than a moment for a cell of a megabyte', () => {
    const digits = '7'.repeat(1 << 20)
    expect(inUtc(`2026-01-01 00:00:00.${digits}`)).toBe('2026-01-01T00:00:00.777777Z')
    expect(inUtc(' '.repeat(1 << 20))).toBeUndefined()
    expect(inUtc(`x${' '.repeat(1 << 16)}x`)).toBeUndefined()
  })
})

describe('parseDay', () => {
  it.each([
    ['2026-03-04', '2026-03-04'],
    [' 2026-03-04 ', '2026-03-04'],
    ['2026-03-04T23:30:00-01:00', '2026-03-05'],
    ['2026-03-04 00:00:00', '2026-03-04'],
    ['1970-01-01', '1970-01-01'],
    ['2199-12-31', '2199-12-31'],
  ])('reads %j as %s', (text, day) => {
    const parsed = parseDay(text, UTC)
    expect(parsed.day === undefined ? undefined : formatDay(parsed.day)).toBe(day)
  })

  it('takes the UTC day of a full time in the zone of the input, and a date as it stands', () => {
    const zone = zoneOf('+02:00')
    expect(parseDay('2026-03-04 01:00:00', zone)).toEqual(parseDay('2026-03-03', zone))
    expect(parseDay('2026-03-04', zone)).toEqual(parseDay('2026-03-04', UTC))
  })

  it.each(['', '2026-02-30', '1969-12-31', '04.03.2026', '2026-3-4', '20260304', '2026-03-04T'])(
    'finds %j unreadable',
    (text) => expect(parseDay(text, UTC)).toEqual({ reason: 'unreadable-date' }),
  )
})

describe('readInputZone', () => {
  it.each(['', 'Mars/Olympus', '+2', '+0200', '+24:00', '+02:60', '2026-01-01[Europe/Berlin]'])(
    'refuses %j',
    (text) => expect(readInputZone(text)).toBeUndefined(),
  )
  it.each([
    ['UTC', 0],
    ['Z', 0],
    ['-09:30', -34_200],
    ['Asia/Dubai', 14_400],
    ['America/New_York', undefined],
    ['Europe/Berlin', undefined],
  ])('knows whether the offset of %s is fixed', (text, seconds) => {
    expect(readInputZone(text)?.fixedOffsetSeconds).toBe(seconds)
  })
})
