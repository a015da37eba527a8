import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatMicrosCsv, formatMicrosJson, formatRatio } from './numerals.ts'

describe('money in print', () => {
  it.each([
    [0n, '0.00', '0'],
    [1_234_500_000n, '1234.50', '1234.5'],
    [4_990_000n, '4.99', '4.99'],
    [-1n, '-0.000001', '-0.000001'],
    [-500_000n, '-0.50', '-0.5'],
    [10_000_000n, '10.00', '10'],
    [123_400n, '0.1234', '0.1234'],
  ])('of %d micros is %s in CSV and %s in JSON', (micros, csv, json) => {
    expect(formatMicrosCsv(micros)).toBe(csv)
    expect(formatMicrosJson(micros)).toBe(json)
  })
})

describe('formatRatio', () => {
  it.each([
    [1n, 3n, '0.3333333333'],
    [2n, 3n, '0.6666666667'],
    [-2n, 3n, '-0.6666666667'],
    [1n, -4n, '-0.25'],
    [0n, 5n, '0'],
    [10n, 5n, '2'],
    [1n, 20_000_000_000n, '0.0000000001'],
    [-1n, 20_000_000_000n, '-0.0000000001'],
    [-1n, 30_000_000_000n, '0'],
    [10n ** 30n, 1n, `1${'0'.repeat(30)}`],
  ])('of %d and %d is %s', (numerator, denominator, text) =>
    expect(formatRatio(numerator, denominator)).toBe(text),
  )

  it('is off by at most half of its last place, and rounds a tie away from zero', () => {
    const amounts = fc.bigInt(-(10n ** 20n), 10n ** 20n)
    fc.assert(
      fc.property(
        amounts,
        amounts.filter((n) => n !== 0n),
        (numerator, denominator) => {
          const text = formatRatio(numerator, denominator)
          expect(text).toMatch(/^(0|-?[1-9]\d*|-?\d+\.\d{0,9}[1-9])$/)
          const [whole = '', fraction = ''] = text.split('.')
          const scaled = BigInt(whole + fraction.padEnd(10, '0'))
          const error = (scaled * denominator - numerator * 10n ** 10n) * 2n
          const size = denominator < 0n ? -denominator : denominator
          const exact = numerator < 0n === denominator < 0n ? 1n : -1n
          expect(error <= size && error >= -size).toBe(true)
          if (error === size || error === -size)
            expect(error * exact * (denominator < 0n ? -1n : 1n) > 0n).toBe(true)
        },
      ),
      { numRuns: 5_000 },
    )
  })

  it('refuses a zero below the line', () => expect(() => formatRatio(1n, 0n)).toThrow(RangeError))
})
