import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseDay, parseInstant, parseMoney, present, UTC } from '../cells/cells.ts'
import {
  isPlainText,
  isShortText,
  NOT_PLAIN,
  plainDay,
  plainIncome,
  plainInstant,
  shortText,
} from './common-shapes.ts'

/** Digits stand right before and behind the cell, so that a look past its edges is seen. */
const amid =
  <T>(look: (bytes: Buffer, from: number, to: number) => T) =>
  (text: string): T => {
    const bytes = Buffer.from(`10${text}01`)
    return look(bytes, 2, bytes.length - 2)
  }
/** What is read of a text, null when it is not plain. */
const read =
  (look: (bytes: Buffer, from: number, to: number) => number) =>
  (text: string): number | null => {
    const value = amid(look)(text)
    return value === NOT_PLAIN ? null : value
  }
const timeOf = read((bytes, from, to) => plainInstant(bytes, from, to, true))
const zonedTimeOf = read((bytes, from, to) => plainInstant(bytes, from, to, false))
const dayOf = read(plainDay)
const incomeOf = read(plainIncome)
const isTime = (text: string): boolean => timeOf(text) !== null
const isZonedTime = (text: string): boolean => zonedTimeOf(text) !== null
const isDay = (text: string): boolean => dayOf(text) !== null
const isIncome = (text: string): boolean => incomeOf(text) !== null
const isText = amid(isPlainText)

/** Two digits, now and then those that come just before and behind what is right. */
const two = (min: number, max: number) =>
  fc
    .oneof(
      { arbitrary: fc.integer({ min, max }), weight: 12 },
      { arbitrary: fc.constantFrom(Math.max(min - 1, 0), max + 1, max + 2), weight: 1 },
    )
    .map((n) => String(n).padStart(2, '0'))
const day = fc
  .tuple(
    fc.oneof(
      fc.integer({ min: 1965, max: 2040 }),
      fc.constantFrom(2000, 2100, 2198, 2199, 2200, 1),
    ),
    two(1, 12),
    two(1, 31),
  )
  .map(([year, month, date]) => `${String(year).padStart(4, '0')}-${month}-${date}`)
const clock = fc
  .tuple(
    two(0, 23),
    two(0, 59),
    fc.oneof(
      { arbitrary: two(0, 59).map((second) => `:${second}`), weight: 6 },
      { arbitrary: fc.constant(''), weight: 1 },
    ),
  )
  .map(([hour, minute, second]) => `${hour}:${minute}${second}`)
const fraction = fc.oneof(
  fc.constantFrom('', '', '', '.', '.1234567890'),
  fc.nat(999_999_999).map((n) => `.${n}`),
)
const zone = fc.constantFrom(
  ...[
    '',
    'Z',
    '+02:00',
    '-05:30',
    '+14:59',
    '',
    'Z',
    '-09:00',
    'z',
    ' UTC',
    '-15:00',
    '+0530',
    '-11',
    '+24:00',
  ],
  ...['-00:61', ' Z', '+02:00Z'],
)
const separator = fc.constantFrom('T', ' ', 'T', ' ', 'T', ' ', 't', '  ', '')
const time = fc.tuple(day, separator, clock, fraction, zone).map((parts) => parts.join(''))
const money = fc
  .tuple(
    fc.constantFrom('', '', '', '-', '+', '$'),
    fc.oneof(fc.nat(2_000_000).map(String), fc.bigInt(0n, 10n ** 14n).map(String)),
    fc.oneof(
      fc.constant(''),
      fc.nat(99_999_999).map((n) => `.${n}`),
      fc.constantFrom('.', '.00', '.000000', ',99', ',999'),
    ),
  )
  .map((parts) => parts.join(''))

const ODD = [...'0123456789-:+.,TZtze_ ÷\u00a0\uFF11', '\u2028', '']
/** One or two characters replaced, inserted or taken out. */
const mutated = (texts: fc.Arbitrary<string>) =>
  fc
    .tuple(
      texts,
      fc.array(fc.tuple(fc.nat(40), fc.constantFrom(...ODD), fc.nat(1)), { maxLength: 2 }),
    )
    .map(([text, edits]) =>
      edits.reduce((done, [at, odd, cut]) => done.slice(0, at) + odd + done.slice(at + cut), text),
    )
const many = (texts: fc.Arbitrary<string>, seed: number) =>
  fc.sample(fc.oneof(texts, mutated(texts)), { numRuns: 30_000, seed })

/** Every text that differs from a good one in any two places, over the characters that casts forgive. */
function twoPlaces(good: string): string[] {
  const found: string[] = []
  for (let a = 0; a < good.length; a++)
    for (let b = a + 1; b < good.length; b++)
      for (const x of ' 0T.+-:Z29') {
        for (const y of ' 0T.+-:Z29')
          found.push(good.slice(0, a) + x + good.slice(a + 1, b) + y + good.slice(b + 1))
      }
  return found
}

/** Texts that are read in another way than the rules, or the rules not at all. */
const differing = (
  texts: readonly string[],
  plainOf: (text: string) => number | null,
  rule: (text: string) => bigint | undefined,
): readonly string[] =>
  texts.filter((text) => {
    const value = plainOf(text)
    return value !== null && rule(text) !== BigInt(value)
  })
const instantOf = (text: string) => parseInstant(text, UTC).instant
const ruledDay = (text: string) => {
  const { day: found } = parseDay(text, UTC)
  return found === undefined ? undefined : BigInt(found)
}
const microsOf = (text: string) => parseMoney(text, 'unknown').micros

describe('a plain time', () => {
  it('is what the rules say', () => {
    const texts = many(time, 1)
    expect(texts.filter(isTime).length).toBeGreaterThan(2_000)
    expect(differing(texts, timeOf, instantOf)).toEqual([])
  })

  it.each([
    '2026-03-04 15:16:17',
    '2026-03-04T15:16:17Z',
    '2026-03-04 15:16:17.5',
    '2024-02-29T15:16:17+02:00',
  ])('is what the rules say in any two characters of %s', (good) => {
    expect(differing(twoPlaces(good), timeOf, instantOf)).toEqual([])
  })

  it('is each time of a real file', () => {
    const zones = ['', 'Z', '+02:00', '-11:30', '+14:00']
    for (const t of ['T', ' ']) {
      for (const digits of ['', '.1', '.120', '.123456', '.123456789']) {
        const texts = zones.map((end) => `2026-03-04${t}15:16:17${digits}${end}`)
        expect(texts.filter(isTime)).toEqual(texts)
        expect(texts.filter(isZonedTime)).toEqual(texts.slice(1))
      }
    }
  })

  it('is every second of a day, and every day of many years', () => {
    const first = Date.UTC(1971, 0, 1)
    for (let n = 0; n < 83_000; n++) {
      const iso = new Date(first + n * (86_400_000 + 1_000)).toISOString()
      expect(isTime(iso.slice(0, 19)) && isZonedTime(iso) && isDay(iso.slice(0, 10))).toBe(true)
    }
  })

  it('has no hour 24', () => {
    for (const t of ['T', ' ']) expect(isTime(`2026-03-04${t}24:00:00Z`)).toBe(false)
  })
})

describe('a plain day', () => {
  it('is what the rules say', () => {
    const texts = [...many(day, 2), ...twoPlaces('2024-02-29')]
    expect(texts.filter(isDay).length).toBeGreaterThan(5_000)
    expect(differing(texts, dayOf, ruledDay)).toEqual([])
  })
})

describe('a plain income', () => {
  it('is what the rules say, and above 0', () => {
    const texts = [...many(money, 3), ...twoPlaces('1234.50'), ...twoPlaces('0.000001')]
    expect(texts.filter(isIncome).length).toBeGreaterThan(3_000)
    expect(differing(texts, incomeOf, microsOf)).toEqual([])
    expect(texts.filter((text) => isIncome(text) && (microsOf(text) ?? 0n) <= 0n)).toEqual([])
  })

  it('is what the rules say at the edge of what a double holds', () => {
    const edge = fc.bigInt(999_999_900_000_000n, 999_999_999_999_999n)
    const texts = fc
      .sample(edge, { numRuns: 20_000, seed: 4 })
      .map((micros) => `${micros / 1_000_000n}.${String(micros % 1_000_000n).padStart(6, '0')}`)
    expect(texts.filter(isIncome)).toEqual(texts)
    expect(differing(texts, incomeOf, microsOf)).toEqual([])
  })

  it('is each income of a real file', () => {
    const texts = ['1', '0.99', '4.99', '1234.5', '0.000001', '999999999.999999', '007', '10.00']
    expect(texts.filter(isIncome)).toEqual(texts)
  })

  it('is nothing that is 0, and nothing of another shape', () => {
    const texts = [
      ...['0', '0.00', '-0', '-1', '+1', '1_000', '1e3', ' 12 ', '.5', '5.', '1.1234567', 'NaN'],
      ...['1234567890', '', '1.2.3', '4,99', '.', '1 000'],
    ]
    expect(texts.filter(isIncome)).toEqual([])
  })
})

describe('a plain text', () => {
  const part = fc.constantFrom(
    ...['', 'n', 'N', 'null', 'NULL', 'n/a', 'N/A', 'none', 'GPA.1234', 'a b', '/', 'u', 'l', 'A'],
    ...[' ', '\t', '\u00a0', '\u0085', '\u3000', '\ufeff', 'é', '日', '"', '\x7f'],
  )
  const texts = fc.array(part, { maxLength: 4 }).map((parts) => parts.join(''))

  it('is what is left of it when nothing is trimmed and nothing means none', () => {
    const all = fc.sample(texts, { numRuns: 30_000, seed: 5 })
    expect(all.filter(isText).length).toBeGreaterThan(2_000)
    expect(all.filter((text) => isText(text) && present(text) !== text)).toEqual([])
  })

  it('is each id of a real file', () => {
    const ids = ['', '1700000000000-6563146', 'GPA.8352-8834-000000000', 'x', 'player-é-1', 'a b']
    expect(ids.filter(isText)).toEqual(ids)
  })
})

describe('a short text', () => {
  const names = ['four', 'fives', 'success', 'purchase', 'af_purchase', 'twelve chars']

  it.each(names)('is %s and nothing else', (name) => {
    const isName = amid((bytes, from, to) => isShortText(bytes, from, to, shortText(name)))
    expect(isName(name)).toBe(true)
    for (let at = 0; at < name.length; at++) {
      const [before, after] = [name.slice(0, at), name.slice(at + 1)]
      for (const other of ['', 'x', `${name[at]}x`, '\0', 'é'])
        expect(isName(before + other + after)).toBe(false)
    }
    for (const other of ['', name.toUpperCase(), `1${name}`, `${name}0`])
      expect(isName(other)).toBe(false)
  })

  it('has 4 to 12 characters', () => {
    expect(() => shortText('abc')).toThrow(RangeError)
    expect(() => shortText('thirteen char')).toThrow(RangeError)
  })
})
