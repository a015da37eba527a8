import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type CommaMeaning, commaEvidence, parseMoney } from './money.ts'
import { formatMicrosCsv, formatMicrosJson } from './numerals.ts'

const NBSP = '\u00a0'
const NARROW = '\u202f'

describe('parseMoney', () => {
  it.each([
    ['4.99', 4_990_000n],
    ['4,99', 4_990_000n],
    ['4,9', 4_900_000n],
    ['4,9900', 4_990_000n],
    ['1.234', 1_234_000n],
    ['.5', 500_000n],
    [',5', 500_000n],
    ['1,234.50', 1_234_500_000n],
    ['1.234,50', 1_234_500_000n],
    [`1${NBSP}234,50`, 1_234_500_000n],
    [`1${NARROW}234${NARROW}567,891`, 1_234_567_891_000n],
    ["1'234.50", 1_234_500_000n],
    ['1\u2019234', 1_234_000_000n],
    ['1,234,567', 1_234_567_000_000n],
    ['1.234.567', 1_234_567_000_000n],
    ['1 234', 1_234_000_000n],
    ['$4.99', 4_990_000n],
    ['-$4.99', -4_990_000n],
    ['$-4.99', -4_990_000n],
    ['\u22124.99', -4_990_000n],
    ['+4.99', 4_990_000n],
    ['US$ 4.99', 4_990_000n],
    ['R$4,99', 4_990_000n],
    [`4,99${NBSP}€`, 4_990_000n],
    ['USD 4.99', 4_990_000n],
    ['4.99 usd', 4_990_000n],
    ['EUR4.99', 4_990_000n],
    [' \t4.99\n', 4_990_000n],
    ['-0', 0n],
    ['0', 0n],
    ['0.0000005', 1n],
    ['0.00000049', 0n],
    ['-0.0000005', -1n],
    ['-0.0000015', -2n],
    ['007.10', 7_100_000n],
    ['999999999.9999994', 999_999_999_999_999n],
  ])('reads %j as %d micros', (text, micros) =>
    expect(parseMoney(text, 'unknown')).toEqual({ micros }),
  )

  it.each([
    ...['', ' ', 'null', 'N/A', 'NaN', 'nan', 'Infinity', '∞', '-', '$', 'USD', '.', ',', '-.'],
    ...['1e9', '1E9', '1_000', '0x10', '(4.99)', '4.99-', '--4.99', '-$-4.99', '$4.99 USD'],
    ...['5.', '5,', '1,23,456.00', '1,2345.00', '12,34,567', '1.23.456', '1,234.567.890'],
    ...['1,234.5,6', '1 23', '1  234', '1 234.567,89', '1,234 567', '0,123.45', '1234,567.00'],
    ...['XYZ 5', '5 abc', '€€5', '５', '4.99€5', '1 .5', "'5", '5 ,5', '4.99 % ', ',,5', '1,,234'],
  ])('finds %j unreadable', (text) =>
    expect(parseMoney(text, 'unknown')).toEqual({ reason: 'unreadable-money' }),
  )

  it.each(['1000000000', '-1000000000', '999999999.9999995', '1,000,000,000.00'])(
    'finds %j out of range',
    (text) => expect(parseMoney(text, 'unknown')).toEqual({ reason: 'money-out-of-range' }),
  )

  it.each<[string, CommaMeaning, unknown]>([
    ['1,234', 'unknown', { reason: 'ambiguous-number' }],
    ['-$1,234', 'unknown', { reason: 'ambiguous-number' }],
    ['1,234', 'decimal', { micros: 1_234_000n }],
    ['1,234', 'thousands', { micros: 1_234_000_000n }],
    ['1234,567', 'unknown', { reason: 'ambiguous-number' }],
    ['1234,567', 'decimal', { micros: 1_234_567_000n }],
    ['1234,567', 'thousands', { reason: 'unreadable-money' }],
    ['0,500', 'decimal', { micros: 500_000n }],
    ['0,500', 'thousands', { reason: 'unreadable-money' }],
    ['1 234,500', 'thousands', { micros: 1_234_500_000n }],
  ])('reads %j where a lone comma is %s', (text, comma, parsed) =>
    expect(parseMoney(text, comma)).toEqual(parsed),
  )

  it('reads back what is printed for CSV and for JSON', () => {
    fc.assert(
      fc.property(fc.bigInt(-(10n ** 15n) + 1n, 10n ** 15n - 1n), (micros) => {
        expect(parseMoney(formatMicrosCsv(micros), 'unknown')).toEqual({ micros })
        expect(parseMoney(formatMicrosJson(micros), 'unknown')).toEqual({ micros })
      }),
      { numRuns: 5_000 },
    )
  })

  it('reads an amount however its locale writes it', () => {
    const locales = ['en-US', 'de-DE', 'fr-FR', 'de-CH', 'pt-BR', 'ru-RU', 'it-IT']
    fc.assert(
      fc.property(
        fc.constantFrom(...locales),
        fc.integer({ max: 9e10, min: -9e10 }),
        (locale, n) => {
          const text = (n / 100).toLocaleString(locale, { minimumFractionDigits: 2 })
          expect(parseMoney(text, 'unknown')).toEqual({ micros: BigInt(n) * 10_000n })
        },
      ),
      { numRuns: 5_000 },
    )
  })

  it('takes no longer than a moment for a cell of a megabyte', () => {
    const long = 1 << 20
    expect(parseMoney('9'.repeat(long), 'unknown')).toEqual({ reason: 'money-out-of-range' })
    expect(parseMoney('0'.repeat(long), 'unknown')).toEqual({ micros: 0n })
    expect(parseMoney(' 1'.repeat(long >> 1), 'unknown')).toEqual({ reason: 'unreadable-money' })
    expect(parseMoney(`x${' '.repeat(1 << 16)}x`, 'unknown')).toEqual({
      reason: 'unreadable-money',
    })
  })
})

describe('commaEvidence', () => {
  it.each([
    ['4,99', 'decimal'],
    ['4,9999', 'decimal'],
    ['1.234,567', 'decimal'],
    ['€ 1 234,567', 'decimal'],
    ['1,234.50', 'thousands'],
    ['1,234,567', 'thousands'],
    ['1,234', null],
    ['1.234', null],
    ['1,23,456', null],
    ['a,b', null],
    ['', null],
  ])('of %j is %s', (text, evidence) => expect(commaEvidence(text)).toBe(evidence))
})
