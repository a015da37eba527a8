import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openRecords } from './record-reader.ts'
import type { Walk } from './record-walk.ts'
import { scanCsv } from './scan.ts'
import type { UnreadableRecord } from './unreadable.ts'

/** Small enough that a few dozen bytes cross the edges of chunks and of the longest record. */
const sizes = fc.record({
  chunkBytes: fc.integer({ min: 1, max: 64 }),
  recordBytesMax: fc.constantFrom(40, 500),
})
type Limits = { readonly chunkBytes: number; readonly recordBytesMax: number }
const COLUMNS = 3

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'scan-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

/** A record as the plain reader below sees it; bytes are characters from 0 to 255. */
type Plain = {
  readonly line: number
  readonly raw: string
  readonly cells: readonly string[] | null
}

const breaksIn = (text: string): number => text.match(/\r\n|\r|\n/g)?.length ?? 0

/** The cells of a text with quotes around all that needs them; null where a quote has no sense. */
function cellsOf(record: string, delimiter: string): string[] | null {
  const cells: string[] = []
  for (let rest = record; ; ) {
    const quoted = /^"((?:[^"]|"")*)"/.exec(rest)
    if (rest.startsWith('"') && quoted === null) return null
    const length = quoted?.[0].length ?? `${rest}${delimiter}`.indexOf(delimiter)
    cells.push(quoted === null ? rest.slice(0, length) : `${quoted[1]}`.replaceAll('""', '"'))
    rest = rest.slice(length)
    if (rest === '') return cells
    if (!rest.startsWith(delimiter)) return null
    rest = rest.slice(1)
  }
}

const isOpen = (text: string, delimiter: string): boolean => {
  const cells = text.replaceAll('""', '').split(delimiter)
  return (
    cells.length > 0 && cellsOf(text, delimiter) === null && cellsOf(`${text}"`, delimiter) !== null
  )
}

/** Line by line, joining lines only where a cell is open: slow and plain. */
function records(text: string, delimiter: string, byLine: boolean): Plain[] {
  const lines = text.split(/(\r\n|\r|\n)/)
  const found: Plain[] = []
  for (let at = 0; at < lines.length; at += 2) {
    const line = at / 2 + 1
    let raw = lines[at] ?? ''
    while (!byLine && at + 2 < lines.length && isOpen(raw, delimiter)) {
      raw += `${lines[at + 1]}${lines[at + 2]}`
      at += 2
    }
    if (/[^ \t]/.test(raw) || raw.includes(delimiter)) {
      found.push({ line, raw, cells: cellsOf(raw, delimiter) })
    }
  }
  return found
}

type Expected = { readable: (Plain & { cells: readonly string[] })[]; bad: UnreadableRecord[] }

const utf8 = (latin1: string): string => Buffer.from(latin1, 'latin1').toString('utf8')

function expectedOf(text: string, delimiter: string, longest: number): Expected {
  const [header, ...whole] = records(text, delimiter, false)
  const faulty = whole.some(
    ({ raw, cells }) => cells === null || (breaksIn(raw) > 0 && cells.length !== COLUMNS),
  )
  const after = (header?.line ?? 1) + breaksIn(header?.raw ?? '')
  const all = faulty ? records(text, delimiter, true).filter(({ line }) => line > after) : whole
  const expected: Expected = { readable: [], bad: [] }
  for (const { line, raw, cells } of all) {
    const reason = reasonOf(raw, cells, longest)
    if (cells !== null && reason === null) expected.readable.push({ line, raw, cells })
    else if (reason !== null) expected.bad.push({ line, reason, raw: shown(raw, reason, longest) })
  }
  return expected
}

function reasonOf(
  raw: string,
  cells: readonly string[] | null,
  longest: number,
): UnreadableRecord['reason'] | null {
  if (raw.length > longest) return 'line-too-long'
  if (raw.includes('\0')) return 'nul-byte'
  if (Buffer.from(utf8(raw)).toString('latin1') !== raw) return 'invalid-utf8'
  if (cells === null) return 'quote-fault'
  return cells.length === COLUMNS ? null : 'wrong-cell-count'
}

function shown(raw: string, reason: string, longest: number): string {
  const text = utf8(raw).replaceAll('\0', '\ufffd')
  if (reason !== 'line-too-long') return text
  const beginning = utf8(raw.slice(0, longest)).replaceAll('\0', '\ufffd')
  return `${beginning.replace(/\ufffd+$/, '')}… (${raw.length} bytes)`
}

/** A text without what lies between its records. */
const squeezed = (text: string): string => text.replace(/[\r\n\t ]/g, '')

/** A readable record as it was shown while the file was scanned, in characters from 0 to 255. */
type Seen = {
  readonly line: number
  readonly raw: string
  /** As they stand between separators, quotes and all. */
  readonly rawCells: readonly string[]
  readonly quoted: boolean
}

function seen({ line, start, stop, starts, cells, quoted }: Walk, bytes: Buffer): Seen {
  const rawCells = Array.from({ length: cells }, (_, cell) =>
    bytes.toString('latin1', starts[cell], (starts[cell + 1] ?? 0) - 1),
  )
  return { line, raw: bytes.toString('latin1', start, stop), rawCells, quoted }
}

/** The same as the plain reader has it. */
function expectedSeen(
  { line, raw, cells }: Plain & { cells: readonly string[] },
  at: string,
): Seen {
  const quoted = raw.includes('"')
  if (!quoted) return { line, raw, rawCells: cells, quoted }
  let rest = raw
  const rawCells = cells.map((text) => {
    const inQuotes = `"${text.replaceAll('"', '""')}"`
    const own = rest.startsWith('"') ? inQuotes : text
    rest = rest.slice(own.length + at.length)
    return own
  })
  return { line, raw, rawCells, quoted }
}

async function scanText(latin1: string, limits: Limits) {
  const path = join(folder, 'purchases_raw.csv')
  writeFileSync(path, latin1, 'latin1')
  let unreadable: UnreadableRecord[] = []
  let originals: Seen[] = []
  let places: number[] = []
  let passes = 0
  const scanned = await scanCsv(path, {
    limits,
    onBegin() {
      passes += 1
      unreadable = []
      originals = []
      places = []
    },
    onUnreadable: (record) => void unreadable.push(record),
    onRecord(record, bytes, base) {
      originals.push(seen(record, bytes))
      places.push(base + record.start)
    },
  })
  const records = openRecords(scanned)
  const again = places.map((place) => records.cells(place))
  records.close()
  return { scanned, unreadable, originals, passes, again }
}

const bytesOf = (text: string): string => Buffer.from(text).toString('latin1')
const delimiters = fc.constantFrom(',', ',', ';', '\t')
const soup = fc
  .array(
    fc.oneof(
      { arbitrary: fc.constantFrom('|', '\n'), weight: 6 },
      {
        arbitrary: fc.constantFrom('"', '""', '\r\n', '\r', ' ', 'a', '4.99', 'é', '😀'),
        weight: 4,
      },
      { arbitrary: fc.constantFrom('\ufeff', 'a"b', '"4,99"', '\\', '#', '\u2028', ''), weight: 1 },
      { arbitrary: fc.constantFrom('"a\nb"', 'long '.repeat(9), '\n\n', '\t', ';'), weight: 1 },
    ),
    { maxLength: 60 },
  )
  .map((tokens) => bytesOf(tokens.join('')))

/** Rows of three cells, written as exporters do, in which a few bytes are then replaced. */
const cell = fc.oneof(
  fc.constantFrom('', 'a', '4.99', 'GPA.1234-5678', 'é ü', ' b ', '日本', '"'),
  fc.constantFrom(
    '4,99',
    'a;b',
    'say "hi"',
    'two\nlines',
    'two\r\nlines',
    '\ufeff',
    'x'.repeat(30),
  ),
)
const table = fc
  .record({
    rows: fc.array(fc.array(cell, { minLength: COLUMNS, maxLength: COLUMNS }), { maxLength: 12 }),
    head: fc.constantFrom('a|b|c', '"a"|"b"|"c"', bytesOf('\ufeffa|b|c')),
    end: fc.constantFrom('\n', '\n', '\r\n', '\r\n', '\r'),
    always: fc.boolean(),
    ended: fc.boolean(),
    faults: fc.oneof(
      fc.constant([]),
      fc.array(
        fc.tuple(fc.nat(300), fc.constantFrom('"', '\0', '\xff', '\xc3', '\n', '\r', '|', ' ', '')),
        { maxLength: 2 },
      ),
    ),
  })
  .map(({ rows, head, end, always, ended, faults }) => {
    const write = (text: string) =>
      always || /[",;\t\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
    const lines = rows.map((row) => row.map((text) => bytesOf(write(text))).join('|'))
    let text = lines.join(end) + (ended ? end : '')
    for (const [at, byte] of faults) {
      if (at < text.length) text = text.slice(0, at) + byte + text.slice(at + 1)
    }
    return head + end + text
  })
const headed = fc
  .tuple(
    fc.constantFrom('a|b|c\n', 'a|b|c\r\n', '\n \na|b|c\n', 'a|"b\nb"|c\n', '"a""b"|b|c\r'),
    soup,
  )
  .map(([head, body]) => head + body)
/** A bar stands for the delimiter. */
const files = fc
  .record({ delimiter: delimiters, text: fc.oneof(headed, table, table) })
  .map(({ delimiter, text }) => ({ delimiter, text: text.replaceAll('|', delimiter) }))

describe('any text', () => {
  it('is seen and read cell by cell as a plain reader reads it, and no line is lost', async () => {
    const met = { sound: 0, partly: 0, byLine: 0 }
    await fc.assert(
      fc.asyncProperty(files, sizes, async ({ delimiter, text }, limits) => {
        const { scanned, unreadable, passes, originals, again } = await scanText(text, limits)
        const sound = text.replace(/^\xef\xbb\xbf/, '')
        const expected = expectedOf(sound, delimiter, limits.recordBytesMax)
        expect(scanned.delimiter).toBe(delimiter)
        expect(unreadable).toEqual(expected.bad)
        expect(scanned.unreadable).toBe(expected.bad.length)
        expect(originals).toEqual(expected.readable.map((one) => expectedSeen(one, delimiter)))
        expect(scanned.records).toBe(originals.length)
        expect(passes).toBe(scanned.byLine ? 2 : 1)
        if (originals.length > 1) {
          met[scanned.byLine ? 'byLine' : unreadable.length === 0 ? 'sound' : 'partly'] += 1
        }
        if (unreadable.every(({ reason }) => reason !== 'line-too-long')) {
          const readable = originals.map(({ line, raw }) => ({ line, raw: utf8(raw) }))
          const taken = [...unreadable, ...readable].sort((one, two) => one.line - two.line)
          const header = records(sound, delimiter, false)[0]?.raw ?? ''
          const body = sound.slice(sound.indexOf(header) + header.length)
          expect(squeezed(taken.map(({ raw }) => raw).join(''))).toBe(squeezed(shown(body, '', 0)))
        }
        expect(again).toEqual(expected.readable.map((record) => record.cells.map(utf8)))
      }),
      { numRuns: 1_500 },
    )
    expect(Math.min(met.sound, met.partly, met.byLine)).toBeGreaterThan(20)
  }, 120_000)
})
