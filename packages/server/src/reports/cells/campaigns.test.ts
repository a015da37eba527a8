import { DuckDBInstance, VARCHAR } from '@duckdb/node-api'
import { describe, expect, it } from 'vitest'
import { campaignKey, foldName } from './campaigns.ts'

/** Each code point but the surrogates, which no UTF-8 file can hold. */
function* codePoints(): Generator<string> {
  for (let point = 0; point <= 0x10ffff; point++)
    if (point < 0xd800 || point > 0xdfff) yield String.fromCodePoint(point)
}

/** Without NUL: DuckDB's nfc_normalize cuts a text there, and no readable line holds one. */
const NO_SPACE = [...codePoints()].filter((point) => !/[\0\p{White_Space}]/u.test(point))

function chunks<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) =>
    items.slice(i * size, (i + 1) * size),
  )
}

/** What DuckDB makes of each text, which comes as its code points: reading a VARCHAR drops a BOM. */
async function inDuckdb(texts: readonly string[], expression: string): Promise<readonly string[]> {
  const instance = await DuckDBInstance.create(':memory:')
  const duckdb = await instance.connect()
  await duckdb.run('CREATE TABLE texts(position INTEGER, text VARCHAR)')
  const appender = await duckdb.createAppender('texts')
  texts.forEach((text, position) => {
    appender.appendInteger(position)
    appender.appendValue(text, VARCHAR)
    appender.endRow()
  })
  appender.closeSync()
  const result = await duckdb.runAndReadAll(
    `SELECT hex(${expression}) FROM texts ORDER BY position`,
  )
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  const read = result.getRows().map(([hex]) => decoder.decode(Buffer.from(String(hex), 'hex')))
  duckdb.closeSync()
  instance.closeSync()
  return read
}

/** Compositions that came with Unicode 16, which the DuckDB of these reports does not know. */
const UNICODE_16 = Array.from(
  [
    ...[0x105c9, 0x105e4, 0x11383, 0x11385, 0x1138e, 0x11391, 0x113c5, 0x113c7, 0x113c8],
    ...[0x16121, 0x16122, 0x16123, 0x16124, 0x16125, 0x16126, 0x16127, 0x16128],
    ...[0x16d68, 0x16d69, 0x16d6a],
  ],
  (point) => String.fromCodePoint(point),
)

describe('campaignKey', () => {
  it('maps every code point to upper case as DuckDB does', async () => {
    // Between letters, so that none meets another; DuckDB is quicker with a few long texts.
    const rows = chunks(NO_SPACE, 256).map((points) => `A${points.join('A')}A`)
    const inSql = await inDuckdb(rows, 'upper(nfc_normalize(text))')
    const differing = rows.filter((row, i) => campaignKey(row) !== inSql[i])
    expect(differing).toEqual([])
  })

  it('composes every decomposed character as DuckDB does, but for those of Unicode 16', async () => {
    const composed = NO_SPACE.filter((point) => point.normalize('NFD') !== point)
    const texts = composed.map((point) => `A${point.normalize('NFD')}A`)
    const inSql = await inDuckdb(texts, 'upper(nfc_normalize(text))')
    const differing = composed.filter((_, i) => campaignKey(texts[i] ?? '') !== inSql[i])
    expect(differing).toEqual(UNICODE_16)
  })

  it.each([
    ['Summer Sale', 'SUMMER SALE'],
    ['  summer \u00a0\t sale\u2003', 'SUMMER SALE'],
    ['summer\u0085sale', 'SUMMER SALE'],
    ['cafe\u0301', 'CAF\u00c9'],
    ['ﬁ ŉ', 'ﬁ ŉ'],
    ['ı İ', 'I İ'],
    ['\u{10428}', '\u{10400}'],
    ['', '(NONE)'],
    [' \u3000\n', '(NONE)'],
    ['(none)', '(NONE)'],
    ['a\ufeffb', 'A\ufeffB'],
  ])('of %j is %j', (text, key) => expect(campaignKey(text)).toBe(key))

  it('is the same for straße in any case', () => {
    expect(campaignKey('straße')).toBe('STRAẞE')
    expect(campaignKey('STRAẞE')).toBe('STRAẞE')
  })

  it('is its own key', () => {
    const names = chunks(NO_SPACE, 256).map((points) => points.join(' '))
    const unsteady = names.filter((name) => campaignKey(campaignKey(name)) !== campaignKey(name))
    expect(unsteady).toEqual([])
  })
})

describe('foldName', () => {
  it.each([
    [' Success\u00a0', 'success'],
    ['AF_PURCHASE', 'af_purchase'],
    ['', ''],
  ])('of %j is %j', (text, folded) => expect(foldName(text)).toBe(folded))
})
