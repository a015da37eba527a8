import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NOON } from '../../../../tests/builders.ts'
import { ageOf, clampClock, correctClock, type Times } from './clock.ts'

const times = (changes: Partial<Times>): Times => ({
  ...{ occurredAt: NOON, sentAt: null, receivedAt: NOON + 500, age: null },
  ...changes,
})
const AGE = 'clock_corrected_by_age'
const SENT = 'clock_corrected_by_sent_at'
const CLAMPED = 'clock_clamped'

describe('the time of an event', () => {
  it.each<[string, Partial<Times>, number, readonly string[]]>([
    ['of an honest clock', { sentAt: NOON }, 0, []],
    ['without any header', { occurredAt: NOON - 86_400_000 }, -86_400_000, []],
    ['2 s off is the network', { sentAt: NOON - 1_500 }, 0, []],
    ['2.001 s off is the clock', { sentAt: NOON - 1_501 }, 500, [SENT, CLAMPED]],
    ['2 s ahead is the network', { occurredAt: NOON - 9_000, sentAt: NOON + 2_500 }, -9_000, []],
    ['2.001 s ahead', { occurredAt: NOON - 9_000, sentAt: NOON + 2_501 }, -11_001, [SENT]],
    ['an hour slow', { occurredAt: NOON - 3_610_000, sentAt: NOON - 3_600_000 }, -9_500, [SENT]],
    ['an hour fast', { occurredAt: NOON + 3_590_000, sentAt: NOON + 3_600_000 }, -9_500, [SENT]],
    ['by its age', { occurredAt: NOON + 3_590_000, age: 10_000 }, -9_500, [AGE]],
    ['by its age though the clock was set', { sentAt: NOON + 9e9, age: 500.4 }, 0, []],
    ['of another age by a little', { age: 2_400 }, 0, []],
    ['in the future, and nothing known', { occurredAt: NOON + 501 }, 500, [CLAMPED]],
    ['at its receipt', { occurredAt: NOON + 500 }, 500, []],
    ['with part of a millisecond', { occurredAt: NOON - 9e6, age: 0.4 }, 500, [AGE]],
  ])('%s', (_, changes, offset, flags) => {
    expect(correctClock(times(changes))).toEqual({ at: NOON + offset, flags })
  })

  const instant = fc.integer({ min: 0, max: 253_402_300_799_999 })
  const anyTimes = fc.record({
    occurredAt: instant,
    receivedAt: instant,
    sentAt: fc.option(instant),
    age: fc.option(fc.integer({ min: 0, max: 1e10 })),
  })

  it('is never later than the receipt, and whole milliseconds', () => {
    fc.assert(
      fc.property(anyTimes, (any) => {
        const { at, flags } = correctClock(any)
        expect(at).toBeLessThanOrEqual(any.receivedAt)
        expect(Number.isSafeInteger(at)).toBe(true)
        expect(flags.includes(CLAMPED)).toBe(at === any.receivedAt && flags.at(-1) === CLAMPED)
      }),
    )
  })

  it('of a device whose clock is off by anything is right to the network’s delay', () => {
    const delay = fc.integer({ min: 0, max: 1_000 })
    const off = fc.integer({ min: -1e10, max: 1e10 })
    const age = fc.integer({ min: 0, max: 1e9 })
    fc.assert(
      fc.property(delay, off, age, fc.boolean(), (delayMs, offMs, ageMs, isMonotonic) => {
        const really = NOON
        const sent = really + ageMs
        const { at } = correctClock({
          occurredAt: really + offMs,
          sentAt: isMonotonic ? null : sent + offMs,
          receivedAt: sent + delayMs,
          age: isMonotonic ? ageMs : null,
        })
        expect(Math.abs(at - really)).toBeLessThanOrEqual(2_000 + delayMs)
        if (Math.abs(offMs) > 3_000) expect(Math.abs(at - really)).toBeLessThanOrEqual(delayMs)
      }),
    )
  })

  it('of what no device sent just now is only held to be no later than its receipt', () => {
    expect(clampClock(NOON - 9e9, NOON)).toEqual({ at: NOON - 9e9, flags: [] })
    expect(clampClock(NOON + 1, NOON)).toEqual({ at: NOON, flags: [CLAMPED] })
  })
})

describe('the age of an event', () => {
  const sending = { run: 'r1', ms: 1_000 }
  it.each<[unknown, number | null]>([
    [{ run: 'r1', ms: 400 }, 600],
    [{ run: 'r1', ms: 1_000 }, 0],
    [{ run: 'r1', ms: 1_001 }, null],
    [{ run: 'r2', ms: 400 }, null],
    [{ ms: 400 }, null],
    [{ run: 'r1', ms: '400' }, null],
    [null, null],
    ['r1', null],
    [undefined, null],
  ])('that says %j is %j', (event, age) => {
    expect(ageOf(event, sending)).toBe(age)
    expect(ageOf(event, null)).toBeNull()
  })
})
