import { expect, it } from 'vitest'
import { withLane } from '../../../../../tests/reports/lane.ts'
import { createTextRows, type TextTable, type TextWindow } from './engine.ts'

const TABLE = { table: 't', rowBytes: 1, texts: ['a', 'b'], codes: [] }

/** The texts of a row. */
function textsOf({ from, bytes, starts }: TextWindow, row: number, columns = 2): string[] {
  const text = (row - from) * columns
  return Array.from({ length: columns }, (_value, column) =>
    Buffer.from(bytes.subarray(starts[text + column], starts[text + column + 1])).toString(),
  )
}

/** All rows of a table `t` that `sql` makes. */
async function readAll(sql: string, table: TextTable): Promise<string[][]> {
  const texts: string[][] = []
  await withLane(async ({ engine }) => {
    await engine.run(sql)
    const rows = createTextRows(engine, table)
    for (let row = 0; row < table.rows; row += 1) {
      texts.push(textsOf(await rows.window(row), row))
    }
  })
  return texts
}

it('texts are the bytes of their rows, nothing for NULL', async () =>
  expect(
    await readAll(
      `CREATE TABLE t AS
       FROM (VALUES ('é"', 'x'), (NULL, ''), ('a much longer text than that', chr(0)), ('\ufeff', NULL)) AS v (a, b)`,
      { ...TABLE, rows: 4 },
    ),
  ).toEqual([
    ['é"', 'x'],
    ['', ''],
    ['a much longer text than that', '\0'],
    ['\ufeff', ''],
  ]))

it('codes stand beside them, by row', async () =>
  withLane(async ({ engine }) => {
    await engine.run('CREATE TABLE t AS SELECT 7 - range AS code, NULL::VARCHAR AS a FROM range(3)')
    const rows = createTextRows(engine, {
      ...{ ...TABLE, rows: 3, texts: ['a'], codes: ['code::INTEGER', '(code * code)::INTEGER'] },
    })
    expect((await rows.window(1)).codes.map((codes) => [...codes])).toEqual([
      [7, 6, 5],
      [49, 36, 25],
    ])
  }))

const MANY = 700_000

it('many rows come in windows in their order, which may be gone back to', async () =>
  withLane(async ({ engine }) => {
    // Sorted: its row groups are of another size than the windows.
    await engine.run(`
      CREATE TABLE t AS
      SELECT 'text ' || n AS a, n::VARCHAR AS b FROM (SELECT range AS n FROM range(${MANY})) ORDER BY n`)
    const rows = createTextRows(engine, { ...TABLE, rows: MANY })
    const wrong: number[] = []
    let windows = 0
    let window = await rows.window(0)
    const check = async (row: number) => {
      if (row < window.from || row >= window.to) {
        window = await rows.window(row)
        windows += 1
      }
      const [a, b] = textsOf(window, row)
      if (a !== `text ${row}` || b !== String(row)) wrong.push(row)
    }
    for (let row = 0; row < MANY; row += 97) await check(row)
    expect(windows).toBeGreaterThan(5)
    for (const row of [5, MANY - 1, 250_000, 99_999, 100_000]) await check(row)
    expect(wrong).toEqual([])
  }))

it('rows with long texts come in smaller windows', async () =>
  withLane(async ({ engine }) => {
    await engine.run(
      'CREATE TABLE t AS SELECT range::VARCHAR AS a, NULL::VARCHAR AS b FROM range(10)',
    )
    const rows = createTextRows(engine, { ...TABLE, rows: 10, rowBytes: 8 << 20 })
    const { from, to } = await rows.window(5)
    expect([from, to]).toEqual([4, 6])
  }))

it('a table with fewer rows than it should have is a fault', async () =>
  withLane(async ({ engine }) => {
    await engine.run("CREATE TABLE t AS SELECT 'x' AS a, 'y' AS b FROM range(3)")
    const rows = createTextRows(engine, { ...TABLE, rows: 4 })
    await expect(rows.window(0)).rejects.toThrow('other rows than 0 to 4')
  }))
