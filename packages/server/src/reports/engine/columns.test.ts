import { describe, expect, it } from 'vitest'
import { withLane } from '../../../../../tests/reports/lane.ts'
import { appendColumns, type Engine, hashes, numbers } from './engine.ts'

/** More than the 2,048 rows of a chunk, and not a multiple of them. */
const ROWS = 5_000

/** The numbers of a query of one column. */
async function columnOf(engine: Engine, query: string): Promise<number[]> {
  const found: number[] = []
  await engine.stream(query, (chunk) => found.push(...numbers(chunk, 0)))
  return found
}

describe('columns that are appended', () => {
  const bytes = Uint8Array.from({ length: ROWS }, (_value, row) => row % 256)
  const integers = Int32Array.from({ length: ROWS }, (_value, row) => row - 2_500)
  const doubles = Float64Array.from({ length: ROWS }, (_value, row) => 2 ** 53 - 1 - row)

  it('come back row by row, in their order', () =>
    withLane(async ({ engine }) => {
      await engine.run('CREATE TABLE columns (a UTINYINT, b INTEGER, c DOUBLE)')
      await appendColumns(engine, 'columns', [bytes, integers, doubles])
      expect(await columnOf(engine, 'SELECT a FROM columns ORDER BY rowid')).toEqual([...bytes])
      expect(await columnOf(engine, 'SELECT b FROM columns ORDER BY rowid')).toEqual([...integers])
      expect(await columnOf(engine, 'SELECT c FROM columns ORDER BY rowid')).toEqual([...doubles])
    }))

  it('are as long as they are: chunks that are full, and none', () =>
    withLane(async ({ engine }) => {
      await engine.run('CREATE TABLE columns (b INTEGER)')
      for (const rows of [0, 1, 2_048, 4_096, 4_097]) {
        await engine.run('TRUNCATE columns')
        await appendColumns(engine, 'columns', [integers.subarray(0, rows)])
        expect(await engine.rows('SELECT count(*)::INTEGER AS n FROM columns')).toEqual([
          { n: rows },
        ])
      }
    }))

  it('stand beside the rows of another table by position', () =>
    withLane(async ({ engine }) => {
      await engine.run(`
        CREATE TABLE names AS SELECT concat('P', range) AS name FROM range(${ROWS});
        CREATE TABLE columns (b INTEGER)`)
      await appendColumns(engine, 'columns', [integers])
      const wrong = `SELECT count(*)::INTEGER AS n FROM names POSITIONAL JOIN columns
        WHERE name <> concat('P', b + 2500)`
      expect(await engine.rows(wrong)).toEqual([{ n: 0 }])
    }))
})

describe('columns that are read', () => {
  it('are bytes, integers or doubles; other types are refused', () =>
    withLane(async ({ engine }) => {
      expect(await columnOf(engine, 'SELECT 255::UTINYINT')).toEqual([255])
      expect(await columnOf(engine, 'SELECT -7::INTEGER')).toEqual([-7])
      expect(await columnOf(engine, 'SELECT 0.5::DOUBLE')).toEqual([0.5])
      await expect(columnOf(engine, 'SELECT 1::BIGINT')).rejects.toThrow('is no DOUBLE')
      await expect(columnOf(engine, "SELECT 'a'")).rejects.toThrow('is no DOUBLE')
    }))

  it('have a number where there is NULL, so that rows stay at their places', () =>
    withLane(async ({ engine }) => {
      const found = await columnOf(engine, 'SELECT unnest([1, NULL, 3]::INTEGER[])')
      expect([found.length, found[0], found[2]]).toEqual([3, 1, 3])
      const named = await columnOf(engine, 'SELECT coalesce(unnest([1, NULL]::INTEGER[]), -1)')
      expect(named).toEqual([1, -1])
    }))

  it('may be hashes of 64 bits, of which both halves cross', () =>
    withLane(async ({ engine }) => {
      const found: number[] = []
      const values = '18446744073709551615, 1, 4294967296'
      await engine.stream(`SELECT unnest([${values}]::UBIGINT[])`, (chunk) =>
        found.push(...hashes(chunk, 0)),
      )
      expect(found).toEqual([-1, -1, 1, 0, 0, 1])
      await expect(engine.stream('SELECT 1::BIGINT', (chunk) => hashes(chunk, 0))).rejects.toThrow(
        'Column 0 is no UBIGINT',
      )
    }))
})
