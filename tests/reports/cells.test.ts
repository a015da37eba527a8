import { describe, expect, it } from 'vitest'
import { campaignKeyOf, fold, idOf } from './recomputation/cell-text.ts'
import { commaOf, readMoney } from './recomputation/money.ts'
import { addDays, printInstant, readDay, readTime } from './recomputation/time.ts'

describe('a money cell', () => {
  it.each([
    ['4.99', 4_990_000n],
    [' 4.99\u00A0', 4_990_000n],
    ['4,99', 4_990_000n],
    ['4,9', 4_900_000n],
    ['4,9999', 4_999_900n],
    ['1,234.50', 1_234_500_000n],
    ['1.234,50', 1_234_500_000n],
    ['1 234,50', 1_234_500_000n],
    ['1.234,567', 1_234_567_000n],
    ['1\u202F234,50', 1_234_500_000n],
    ["1'234.50", 1_234_500_000n],
    ['1\u2019234', 1_234_000_000n],
    ['1.234.567', 1_234_567_000_000n],
    ['1,234,567', 1_234_567_000_000n],
    ['1 234', 1_234_000_000n],
    ['1.234', 1_234_000n],
    ['$4.99', 4_990_000n],
    ['-$4.99', -4_990_000n],
    ['$ -4.99', -4_990_000n],
    ['US$ 1,234.50', 1_234_500_000n],
    ['R$4,99', 4_990_000n],
    ['4,99 €', 4_990_000n],
    ['4.99 USD', 4_990_000n],
    ['usd4.99', 4_990_000n],
    ['+4.99', 4_990_000n],
    ['\u22124.99', -4_990_000n],
    ['-0', 0n],
    ['0.00', 0n],
    ['007', 7_000_000n],
    ['.99', 990_000n],
    ['-$,5', -500_000n],
    ['0.0000004', 0n],
    ['0.0000005', 1n],
    ['-0.0000005', -1n],
    ['1.00000049999', 1_000_000n],
    ['1.0000005', 1_000_001n],
    ['999999999.999999', 999_999_999_999_999n],
  ])('%j is %s micros', (cell, micros) => {
    expect(readMoney(cell, undefined)).toBe(micros)
  })

  it.each([
    '',
    ' ',
    'null',
    'N/A',
    'NaN',
    'inf',
    '∞',
    '1e9',
    '1E+11',
    '0x10',
    '1_000',
    '(4.99)',
    '4.99-',
    '--4',
    '- $ - 4',
    '$4.99 USD',
    'Apr 99',
    '12abc',
    '1,23,456.00',
    '1,234,5',
    '1.234.5',
    '1,234.567.8',
    '1 234.567,89',
    '12,34.5',
    '1234,567.8',
    '0,123,456',
    '1 23',
    '1.234 567',
    '5.',
    ',5,',
    '.',
    "'5",
    ' .5 .',
    '1 .5',
    '5,',
    '4..99',
    '4.99%',
    '٤',
  ])('%j is unreadable', (cell) => {
    expect(readMoney(cell, 'decimal')).toBe('unreadable-money')
    expect(readMoney(cell, 'thousands')).toBe('unreadable-money')
  })

  it('is out of range from 10^9 on, after rounding', () => {
    expect(readMoney('1000000000', undefined)).toBe('money-out-of-range')
    expect(readMoney('-1.000.000.000', undefined)).toBe('money-out-of-range')
    expect(readMoney('999999999.9999995', undefined)).toBe('money-out-of-range')
  })

  it('with one comma and three digits behind it is what the column says', () => {
    expect(readMoney('1,234', undefined)).toBe('ambiguous-number')
    expect(readMoney('-1,234 USD', undefined)).toBe('ambiguous-number')
    expect(readMoney('1,234', 'decimal')).toBe(1_234_000n)
    expect(readMoney('1,234', 'thousands')).toBe(1_234_000_000n)
    expect(readMoney('0,999', 'decimal')).toBe(999_000n)
    expect(readMoney('0,999', 'thousands')).toBe('unreadable-money')
    expect(readMoney(',999', 'decimal')).toBe(999_000n)
    expect(readMoney(',999', 'thousands')).toBe('unreadable-money')
    expect(readMoney('1234,567', 'thousands')).toBe('unreadable-money')
  })

  it('is a witness for its column when it can be read in one way only', () => {
    expect(commaOf(['1,234', '4.99'])).toBe(undefined)
    expect(commaOf(['1,234', '4,99'])).toBe('decimal')
    expect(commaOf(['1,234', '1.234,50'])).toBe('decimal')
    expect(commaOf(['1,234', '1,234.50'])).toBe('thousands')
    expect(commaOf(['1,234', '1,234,567'])).toBe('thousands')
    expect(commaOf(['1,234', '1,234,567', '4,99'])).toBe(undefined)
    expect(commaOf(['1,234', '1 234', '1.234.567', '4,99x'])).toBe(undefined)
  })
})

describe('a time cell', () => {
  const noon = BigInt(Date.UTC(2026, 2, 10, 12)) * 1_000n

  it.each([
    ['2026-03-10T12:00:00Z', noon],
    [' 2026-03-10 12:00:00z ', noon],
    ['2026-03-10 12:00', noon],
    ['2026-03-10 12:00:00 UTC', noon],
    ['2026-03-10T14:00:00+02', noon],
    ['2026-03-10T14:00:00 +0200', noon],
    ['2026-03-10T06:30:00-05:30', noon],
    ['2026-03-11T00:00:00+12:00', noon],
    ['2026-03-10T12:00:00.5Z', noon + 500_000n],
    ['2026-03-10T12:00:00.000001', noon + 1n],
    ['2026-03-10T12:00:00.0000019Z', noon + 1n],
    ['2024-02-29T00:00:00Z', BigInt(Date.UTC(2024, 1, 29)) * 1_000n],
    ['1970-01-01T00:00:00Z', 0n],
    ['1969-12-31T23:00:00-01:00', 0n],
  ])('%j is that instant', (cell, instant) => {
    expect(readTime(cell, 'UTC')).toBe(instant)
  })

  it.each([
    '',
    'null',
    '2026-03-10',
    '2026-02-30T12:00:00Z',
    '2025-02-29 12:00:00',
    '2026-13-01T12:00:00Z',
    '2026-03-00T12:00:00Z',
    '2026-03-10T24:00:00Z',
    '2026-03-10T23:59:60Z',
    '2026-03-10T12:60:00Z',
    '26-03-10 12:00:00',
    '1/21/2021 23:30',
    '2026-3-1 12:00:00',
    '2026-03-10t12:00:00Z',
    '2026-03-10  12:00:00',
    '2026-03-10T12:00:00,5Z',
    '2026-03-10T12:00:00.Z',
    '2026-03-10T12:00:00+2',
    '2026-03-10T12:00:00+24:00',
    '2026-03-10T12:00:00  Z',
    '2026-03-10T12:00:00 CET',
    '1969-12-31T23:59:59Z',
    '1970-01-01T00:00:00+01:00',
    '2199-12-31T23:59:59-01:00',
    '###########',
    '1773144000',
  ])('%j is none', (cell) => {
    expect(readTime(cell, 'UTC')).toBe(undefined)
  })

  it('without a zone is in the zone of the import, with one is not', () => {
    expect(readTime('2026-03-10 12:00:00', '+05:30')).toBe(noon - 19_800_000_000n)
    expect(readTime('2026-03-10 12:00:00', 'Europe/Berlin')).toBe(noon - 3_600_000_000n)
    expect(readTime('2026-03-10 12:00:00Z', 'Europe/Berlin')).toBe(noon)
    // 29 March 2026: 02:00 to 03:00 does not exist; 25 October: 02:00 to 03:00 comes twice.
    expect(readTime('2026-03-29 02:30:00', 'Europe/Berlin')).toBe(
      readTime('2026-03-29T01:30:00Z', 'UTC'),
    )
    expect(readTime('2026-10-25 02:30:00.25', 'Europe/Berlin')).toBe(
      readTime('2026-10-25T00:30:00.25Z', 'UTC'),
    )
  })

  it('gives the day that it names, where a date is asked for', () => {
    expect(readDay(' 2026-03-10 ', '+12:00')).toBe('2026-03-10')
    expect(readDay('2026-03-10 23:30:00', 'UTC')).toBe('2026-03-10')
    expect(readDay('2026-03-10 23:30:00', '-01:00')).toBe('2026-03-11')
    expect(readDay('2026-03-10T23:30:00-01:00', '+12:00')).toBe('2026-03-11')
    expect(readDay('2026-02-30', 'UTC')).toBe(undefined)
    expect(readDay('1969-12-31', 'UTC')).toBe(undefined)
    expect(readDay('10.03.2026', 'UTC')).toBe(undefined)
    expect(addDays('2026-03-01', -1)).toBe('2026-02-28')
  })

  it('is printed with as many digits of a second as it has', () => {
    expect(printInstant(noon)).toBe('2026-03-10T12:00:00Z')
    expect(printInstant(noon + 500_000n)).toBe('2026-03-10T12:00:00.5Z')
    expect(printInstant(noon + 1n)).toBe('2026-03-10T12:00:00.000001Z')
  })
})

describe('a text cell', () => {
  it.each([
    ['Spring', 'SPRING'],
    ['  spring \t sale\u3000', 'SPRING SALE'],
    ['', '(NONE)'],
    [' \u00A0', '(NONE)'],
    ['null', '(NONE)'],
    ['n/a', '(NONE)'],
    ['(none)', '(NONE)'],
    ['e\u0301te\u0301', 'ÉTÉ'],
    ['straße', 'STRAẞE'],
    ['ᾳ', 'ᾼ'],
    ['ŉ', 'ŉ'],
    ['ﬁx', 'ﬁX'],
    ['春🎱', '春🎱'],
    ['\u200Bx', '\u200BX'],
  ])('campaign %j is summed under %j', (cell, key) => {
    expect(campaignKeyOf(cell)).toBe(key)
  })

  it('that is an id keeps its case and loses its outer spaces', () => {
    expect(idOf('\u3000aB 1 ')).toBe('aB 1')
    expect(idOf(' NULL ')).toBe('')
  })

  it('is folded before it is compared', () => {
    expect(fold('\tSuccess ')).toBe('success')
  })
})
