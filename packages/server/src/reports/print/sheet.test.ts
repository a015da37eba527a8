import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { csvCell, formatInstant, formatMicrosCsv, formatMicrosJson } from '../cells/cells.ts'
import {
  createSheet,
  putCell,
  putInstant,
  putJsonText,
  putMoneyCell,
  putMoneyNumber,
  type Sheet,
} from './print.ts'

const VALUES = 20_000

/** What is printed of each value, on one sheet. */
function printed<T>(values: readonly T[], print: (sheet: Sheet, value: T) => void) {
  const sheet = createSheet(4_096)
  return values.map((value) => {
    sheet.at = 0
    print(sheet, value)
    return Buffer.from(sheet.bytes.subarray(0, sheet.at)).toString()
  })
}
const ofNumbers = (values: readonly bigint[], print: (sheet: Sheet, value: number) => void) =>
  printed(values, (sheet, value) => print(sheet, Number(value)))
/** Each text stands between others. */
const ofTexts = (values: readonly string[], print: typeof putCell) =>
  printed(values, (sheet, value) => {
    const text = Buffer.from(`=${value}"`)
    print(sheet, text, 1, text.length - 1)
  })

/** Amounts with few decimals and with many, small ones and large ones, about as many of each. */
const micros = fc
  .tuple(fc.nat(6), fc.nat(15))
  .chain(([zeros, digits]) => {
    const end = 10n ** BigInt(Math.max(1, digits - zeros))
    return fc.bigInt(0n, end - 1n).map((value) => value * 10n ** BigInt(zeros))
  })
  .filter((value) => value < 10n ** 15n)
/** Where the two differ: value, what is printed, what its twin says. */
const differences = <T>(values: readonly T[], texts: readonly string[], twin: (of: T) => string) =>
  values
    .map((value, index) => [value, texts[index], twin(value)])
    .filter(([, found, expected]) => found !== expected)
const sample = <T>(values: fc.Arbitrary<T>): T[] => fc.sample(values, VALUES)

describe('an instant', () => {
  it.each([
    [0n, '1970-01-01T00:00:00Z'],
    [1n, '1970-01-01T00:00:00.000001Z'],
    [1_773_144_000_500_000n, '2026-03-10T12:00:00.5Z'],
    [7_258_118_399_999_999n, '2199-12-31T23:59:59.999999Z'],
  ])('of %d microseconds is %s', (instant, text) =>
    expect(ofNumbers([instant], putInstant)).toEqual([text]),
  )

  it('is printed as cells/ prints it', () => {
    const end = 7_258_118_399n
    const instants = sample(
      fc.oneof(
        fc.bigInt(0n, end * 1_000_000n),
        fc.bigInt(0n, end * 100n).map((value) => value * 10_000n),
        fc.bigInt(0n, end).map((value) => value * 1_000_000n),
      ),
    )
    const texts = ofNumbers(instants, putInstant)
    expect(differences(instants, texts, formatInstant)).toEqual([])
  })
})

describe('money', () => {
  it.each([
    [0n, '0.00', '0'],
    [4_990_000n, '4.99', '4.99'],
    [4_500_000n, '4.50', '4.5'],
    [1_234_000_000n, '1234.00', '1234'],
    [1n, '0.000001', '0.000001'],
    [10_000n, '0.01', '0.01'],
    [1_001_000n, '1.001', '1.001'],
    [999_999_999_999_999n, '999999999.999999', '999999999.999999'],
  ])('of %d micros is %s in CSV and %s in JSON', (amount, cell, number) => {
    expect(ofNumbers([amount], putMoneyCell)).toEqual([cell])
    expect(ofNumbers([amount], putMoneyNumber)).toEqual([number])
  })

  it('in CSV is printed as cells/ prints it', () => {
    const amounts = sample(micros)
    const texts = ofNumbers(amounts, putMoneyCell)
    expect(differences(amounts, texts, formatMicrosCsv)).toEqual([])
  })

  it('in JSON is printed as cells/ prints it, of either sign', () => {
    const amounts = sample(fc.tuple(micros, fc.boolean())).map(([of, isOwed]) =>
      isOwed ? -of : of,
    )
    const texts = ofNumbers(amounts, putMoneyNumber)
    expect(differences(amounts, texts, formatMicrosJson)).toEqual([])
  })

  it('in JSON holds the seconds between two instants of 1970 and 2199', () => {
    const apart = [7_258_118_399_999_999n, -7_258_118_399_999_999n, -500_000n, -1n]
    expect(ofNumbers(apart, putMoneyNumber)).toEqual(apart.map(formatMicrosJson))
  })
})

describe('a text', () => {
  // What has a meaning in CSV, JSON or a spreadsheet, and letters of one to four bytes.
  const letters = [...'=+-@\t\r\n",;\'\\/ aZ0é€😀\u2028\ufeff\u0001\u007f']
  const texts = fc.oneof(
    fc.string({ unit: fc.constantFrom(...letters), maxLength: 6 }),
    fc.string({ unit: 'grapheme' }),
  )

  it.each([
    ['', ''],
    ['=1+1', "'=1+1"],
    ['-1', "'-1"],
    ['a,b', '"a,b"'],
    ['say "hi"', '"say ""hi"""'],
    ['@a\nb', '"\'@a\nb"'],
    ['a=1', 'a=1'],
  ])('%j is the CSV cell %j', (text, cell) => expect(ofTexts([text], putCell)).toEqual([cell]))

  it('in CSV is printed as cells/ prints it', () => {
    const values = sample(texts)
    expect(differences(values, ofTexts(values, putCell), csvCell)).toEqual([])
  })

  it('in JSON is what JSON.stringify writes', () => {
    const values = sample(texts)
    expect(differences(values, ofTexts(values, putJsonText), JSON.stringify)).toEqual([])
  })
})
