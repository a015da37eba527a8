import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { withLane } from '../../../../../tests/reports/lane.ts'
import { list } from '../engine/engine.ts'
import { writeCsv, writeLines } from './print.ts'

/** A query of these lines, in their order. */
const queryOf = (lines: readonly string[]): string =>
  `SELECT unnest([${list(lines)}]::VARCHAR[]) AS line`

async function writtenLines(lines: readonly string[]): Promise<string> {
  let text = ''
  await withLane(async ({ engine, folder }) => {
    const path = join(folder, "it's a file.json")
    const frame = { head: '[\n', between: ',\n', tail: '\n]\n', empty: '[]\n' }
    await writeLines(engine, path, { query: queryOf(lines), count: lines.length, ...frame })
    text = readFileSync(path, 'utf8')
  })
  return text
}

async function writtenCsv(lines: readonly string[]): Promise<string> {
  let text = ''
  await withLane(async ({ engine, folder }) => {
    const path = join(folder, 'rows.csv')
    await writeCsv(engine, path, ['a', 'b'], { query: queryOf(lines), count: lines.length })
    text = readFileSync(path, 'utf8')
  })
  return text
}

describe('lines', () => {
  it('stand between head and tail, with what belongs between them', async () =>
    expect(await writtenLines(['{"a":1}', '{"a":2}', '{}'])).toBe('[\n{"a":1},\n{"a":2},\n{}\n]\n'))

  it('may be one: nothing stands between', async () =>
    expect(await writtenLines(['{}'])).toBe('[\n{}\n]\n'))

  it('may be none: the file is another', async () => expect(await writtenLines([])).toBe('[]\n'))

  it.each([
    ['quotes', '"a ""b"" c"'],
    ['a quote alone', '"'],
    ['line breaks', 'a\nb\r\nc\rd'],
    ['separators', "a,b;c\td'e\\f"],
    ['spaces around', '  a  '],
    ['what looks like nothing', 'NULL'],
    ['letters of four bytes', 'é€😀\ufeff'],
  ])('stay as they are: %s', async (_name, line) =>
    expect(await writtenLines([line, line])).toBe(`[\n${line},\n${line}\n]\n`),
  )

  it('stay in their order, also when they are many', async () => {
    await withLane(async ({ engine, folder }) => {
      const path = join(folder, 'many.csv')
      const count = 300_000
      const query = `SELECT concat(range, ',x') FROM range(${count}) ORDER BY range`
      await writeCsv(engine, path, ['n', 'x'], { query, count })
      const expected = Array.from({ length: count }, (_value, n) => `${n},x\n`)
      expect(readFileSync(path, 'utf8') === `n,x\n${expected.join('')}`).toBe(true)
    })
  })
})

describe('a CSV file', () => {
  it('begins with the names of its columns and ends with a line break', async () =>
    expect(await writtenCsv(['1,2', '3,4'])).toBe('a,b\n1,2\n3,4\n'))

  it('of one row has two lines, of none has one', async () => {
    expect(await writtenCsv(['1,2'])).toBe('a,b\n1,2\n')
    expect(await writtenCsv([])).toBe('a,b\n')
  })

  it('keeps quoted cells with line breaks', async () =>
    expect(await writtenCsv(['"a\n""b""",2'])).toBe('a,b\n"a\n""b""",2\n'))
})
