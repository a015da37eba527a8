import fc from 'fast-check'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type FreshDatabase, freshPostgres } from '../../../../../tests/database.ts'
import { arrayLiteral } from './array-literal.ts'

describe('an array as text', () => {
  let fresh: FreshDatabase
  let client: pg.Client
  beforeAll(async () => {
    fresh = await freshPostgres()
    client = new pg.Client({ connectionString: fresh.url })
    await client.connect()
  })
  afterAll(async () => {
    await client.end()
    await fresh.drop()
  })
  const read = async (type: string, values: Parameters<typeof arrayLiteral>[0]) =>
    (
      await client.query<{ value: unknown }>(
        `SELECT value FROM unnest($1::${type}[]) WITH ORDINALITY AS u (value, n) ORDER BY n`,
        [arrayLiteral(values)],
      )
    ).rows.map(({ value }) => value)

  it.each([
    ...['', ' ', 'NULL', 'null', '"', '\\', '\\"', '{', '}', '{}', ',', 'a,b', "'", '$1', '\n\t\r'],
    ...['\\x00', '\u{1f600}', 'é', '\u2028', '\u0001'],
  ])('bears the text %j', async (text) => {
    expect(await read('text', [text, null, text])).toEqual([text, null, text])
  })

  it('bears any text that PostgreSQL can store', async () => {
    const texts = fc
      .string({ unit: 'binary' })
      .filter((text) => !text.includes('\0') && text.isWellFormed())
    await fc.assert(
      fc.asyncProperty(fc.array(fc.option(texts)), async (values) => {
        expect(await read('text', values)).toEqual(values)
      }),
      { numRuns: 200 },
    )
  })

  it('bears integers and bytes, also a part of a larger buffer', async () => {
    const integers = [0, -1, 2 ** 53 - 1, -(2 ** 53) + 1, null]
    expect(await read('bigint', integers)).toEqual(
      integers.map((n) => (n === null ? null : String(n))),
    )
    const bytes = [
      new Uint8Array(0),
      Uint8Array.of(0, 34, 92, 255),
      new Uint8Array([1, 2, 3, 4]).subarray(1, 3),
    ]
    expect(await read('bytea', [...bytes, null])).toEqual([
      ...bytes.map((b) => Buffer.from(b)),
      null,
    ])
    expect(await read('text', [])).toEqual([])
  })
})
