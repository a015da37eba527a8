import { DuckDBInstance, VARCHAR } from '@duckdb/node-api'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type InputZone, readInputZone, UTC } from './input-zone.ts'
import { parseInstant } from './instants.ts'
import { parseMoney } from './money.ts'
import { instantSql, microsSql } from './sql.ts'

const instance = await DuckDBInstance.create(':memory:')
const duckdb = await instance.connect()
await duckdb.run("SET TimeZone='UTC'; CREATE TABLE cells(position INTEGER, cell VARCHAR)")

/** What an expression over the column `cell` makes of each text, in their order. */
async function evaluate(
  texts: readonly string[],
  expression: string,
): Promise<readonly (bigint | null)[]> {
  await duckdb.run('DELETE FROM cells')
  const appender = await duckdb.createAppender('cells')
  texts.forEach((text, position) => {
    appender.appendInteger(position)
    appender.appendValue(text, VARCHAR)
    appender.endRow()
  })
  appender.closeSync()
  const result = await duckdb.runAndReadAll(
    `SELECT (${expression})::BIGINT FROM cells ORDER BY position`,
  )
  return result.getRows().map(([value]) => (typeof value === 'bigint' ? value : null))
}

const zoneOf = (name: string): InputZone => readInputZone(name) ?? expect.unreachable(name)

const two = (max: number) => fc.integer({ min: 0, max }).map((n) => String(n).padStart(2, '0'))
const timeText = fc
  .tuple(
    fc.oneof(fc.integer({ min: 1960, max: 2040 }), fc.constantFrom(1970, 9999, 1, 2000)),
    two(14),
    two(32),
    fc.constantFrom('T', ' ', 't', '  ', ''),
    two(25),
    two(61),
    fc.oneof(
      two(61).map((s) => `:${s}`),
      fc.constant(''),
    ),
    fc.oneof(
      fc.constant(''),
      fc.nat(999_999_999_999).map((n) => `.${n}`),
      fc.constant('.'),
    ),
    fc.constantFrom(
      ...['', 'Z', 'z', ' UTC', '+02:00', '-05:30', '+0530', '-11', '+24:00', '-00:61', ' Z'],
    ),
  )
  .map(
    ([year, month, day, t, h, m, s, fraction, zone]) =>
      `${String(year).padStart(4, '0')}-${month}-${day}${t}${h}:${m}${s}${fraction}${zone}`,
  )
const moneyText = fc
  .tuple(
    fc.constantFrom('', '-', '+', '$'),
    fc.oneof(fc.nat(2_000_000).map(String), fc.bigInt(0n, 10n ** 14n).map(String)),
    fc.oneof(
      fc.constant(''),
      fc.nat(99_999_999).map((n) => `.${n}`),
      fc.nat(999).map((n) => `,${n}`),
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
  fc.sample(texts, { numRuns: 20_000, seed })

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

describe('instantSql', () => {
  const zones = ['UTC', '+05:30', '-03:00', 'Europe/Berlin'].map(zoneOf)

  it.each(zones)('equals parseInstant wherever it reads, in zone $name', async (zone) => {
    const texts = [...many(timeText, 1), ...many(mutated(timeText), 2)]
    const read = await evaluate(texts, instantSql('cell', zone))
    const differing = texts.filter((text, i) => {
      const inSql = read[i] ?? null
      return inSql !== null && inSql !== parseInstant(text, zone).instant
    })
    expect(differing).toEqual([])
    expect(read.filter((instant) => instant !== null).length).toBeGreaterThan(300)
  })

  it.each([
    '2026-03-04 15:16:17',
    '2026-03-04T15:16:17Z',
    '2026-03-04 15:16:17.5',
    '2026-03-04T15:16:17+02:00',
  ])('forgives nothing in any two characters of %s', async (good) => {
    const texts = twoPlaces(good)
    const read = await evaluate(texts, instantSql('cell', UTC))
    const differing = texts.filter((text, i) => {
      const inSql = read[i] ?? null
      return inSql !== null && inSql !== parseInstant(text, UTC).instant
    })
    expect(differing).toEqual([])
  })

  it('reads each of the common shapes itself', async () => {
    const texts = ['T', ' '].flatMap((t) =>
      ['', '.1', '.120', '.123456', '.123456789'].flatMap((fraction) =>
        ['', 'Z', '+02:00', '-11:30', '+02'].map(
          (zone) => `2026-03-04${t}15:16:17${fraction}${zone}`,
        ),
      ),
    )
    const read = await evaluate(texts, instantSql('cell', UTC))
    expect(read).toEqual(texts.map((text) => parseInstant(text, UTC).instant))
  })

  it('reads no hour 24, which a cast takes for the next day', async () => {
    const texts = ['T', ' '].flatMap((t) =>
      ['', '.0'].flatMap((fraction) =>
        ['', 'Z', '+02:00'].map((zone) => `2026-03-04${t}24:00:00${fraction}${zone}`),
      ),
    )
    const read = await evaluate(texts, instantSql('cell', UTC))
    expect(read).toEqual(texts.map(() => null))
  })

  it('leaves times without a zone to parseInstant when the zone changes its offset', async () => {
    const texts = ['2026-03-04 15:16:17', '2026-03-04T15:16:17', '2026-03-04T15:16:17Z']
    const read = await evaluate(texts, instantSql('cell', zoneOf('Europe/Berlin')))
    expect(read).toEqual([null, null, 1_772_637_377_000_000n])
  })
})

describe('microsSql', () => {
  it('equals parseMoney wherever it reads', async () => {
    const texts = [...many(moneyText, 3), ...many(mutated(moneyText), 4)]
    const read = await evaluate(texts, microsSql('cell'))
    const differing = texts.filter((text, i) => {
      const inSql = read[i] ?? null
      return inSql !== null && inSql !== parseMoney(text, 'unknown').micros
    })
    expect(differing).toEqual([])
    expect(read.filter((micros) => micros !== null).length).toBeGreaterThan(2_000)
  })

  it('reads the common shapes itself, and what a cast forgives not at all', async () => {
    const texts = ['0', '-0', '-4.99', '0.000001', '999999999999.999999', '007']
    const traps = [
      '1_000',
      '1e3',
      ' 12 ',
      '+1',
      '.5',
      '5.',
      '1.1234567',
      'NaN',
      '1234567890123',
      '',
    ]
    const read = await evaluate([...texts, ...traps], microsSql('cell'))
    expect(read).toEqual([
      ...[0n, 0n, -4_990_000n, 1n, 999_999_999_999_999_999n, 7_000_000n],
      ...traps.map(() => null),
    ])
  })
})
