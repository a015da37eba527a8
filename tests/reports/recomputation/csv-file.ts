import { fold } from './cell-text.ts'

/** A row that has as many cells as the header, all of them text. */
export type Row = {
  /** Number of the line in the file on which the row begins; the first line is 1. */
  readonly line: number
  /** The row as it stands in the file, without its line end. */
  readonly raw: string
  readonly cells: readonly string[]
}

export type StructureFault =
  | 'line-too-long'
  | 'quote-fault'
  | 'wrong-cell-count'
  | 'invalid-utf8'
  | 'nul-byte'

export type UnreadableRow = {
  readonly line: number
  readonly raw: string
  readonly reason: StructureFault
}

export type CsvFile = {
  readonly names: readonly string[]
  readonly rows: readonly Row[]
  readonly unreadable: readonly UnreadableRow[]
}

const LINE_BYTES_MAX = 1_048_576
const SHOWN_BYTES_MAX = 4_096
const DELIMITERS = [',', ';', '\t'] as const
const LINE_END = /\r\n|\r|\n/

/**
 * Reads a file as records whose quoted cells may hold line breaks; if any quote is at fault, once
 * more line by line. The header is the first record.
 */
export function readCsvFile(content: string | Uint8Array): CsvFile {
  const bytes = Buffer.from(content)
    .toString('latin1')
    .replace(/^\xEF\xBB\xBF/, '')
  const blankStart = /^(?:[ \t]*(?:\r\n|\r|\n))*/.exec(bytes)?.[0] ?? ''
  const text = bytes.slice(blankStart.length)
  const delimiter = delimiterOf(text)
  const header = parseRecord(text, 0, delimiter)
  const names = header.cells.map((name) => columnName(decode(name).text))
  const isSound = !header.hasQuoteFault && !text.slice(0, header.end).includes('\0')
  const firstLine = 1 + lineEnds(blankStart) + lineEnds(text.slice(0, header.next))
  const body = { text: text.slice(header.next), firstLine, delimiter }
  const records = wholeRecords(body, names.length) ?? singleLines(body)
  const judged = records.map((record) => judge(record, names.length))
  return {
    names: isSound && text !== '' ? names : [],
    rows: judged.filter((row) => 'cells' in row),
    unreadable: judged.filter((row) => 'reason' in row),
  }
}

/** The separator that the first line has most often outside quotes. */
function delimiterOf(text: string): string {
  const unquoted = text.replace(/"[^"]*(?:"|$)/g, '')
  const line = unquoted.split(LINE_END)[0] ?? ''
  const countOf = (one: string): number => line.split(one).length
  return DELIMITERS.reduce((best, one) => (countOf(one) > countOf(best) ? one : best))
}

const lineEnds = (text: string): number => text.split(LINE_END).length - 1

type Body = { readonly text: string; readonly firstLine: number; readonly delimiter: string }

/** A record as bytes: each character of its texts stands for one byte. */
type Bytes = {
  readonly line: number
  readonly raw: string
  readonly cells: readonly string[]
  readonly hasQuoteFault: boolean
}

type Parsed = {
  readonly cells: readonly string[]
  readonly hasQuoteFault: boolean
  /** Where the record's line end begins. */
  readonly end: number
  /** Where the next record begins. */
  readonly next: number
}

/** All records of the file, or `undefined` when a quote is at fault. */
function wholeRecords({ text, firstLine, delimiter }: Body, cells: number): Bytes[] | undefined {
  const records: Bytes[] = []
  let line = firstLine
  for (let at = 0; at < text.length; ) {
    const parsed = parseRecord(text, at, delimiter)
    const raw = text.slice(at, parsed.end)
    const isMiscounted = LINE_END.test(raw) && parsed.cells.length !== cells
    if (parsed.hasQuoteFault || isMiscounted) return undefined
    records.push({ line, raw, cells: parsed.cells, hasQuoteFault: false })
    line += lineEnds(text.slice(at, parsed.next))
    at = parsed.next
  }
  return records.filter((record) => !isBlank(record))
}

function singleLines({ text, firstLine, delimiter }: Body): Bytes[] {
  const lines = text.split(LINE_END)
  return lines
    .map((raw, at) => {
      const { cells, hasQuoteFault } = parseRecord(raw, 0, delimiter)
      return { line: firstLine + at, raw, cells, hasQuoteFault }
    })
    .filter((record) => !isBlank(record))
}

/** A line of nothing but spaces and tabs is no row. */
function isBlank({ raw, cells }: Bytes): boolean {
  return cells.length === 1 && /^[ \t]*$/.test(raw)
}

function parseRecord(text: string, start: number, delimiter: string): Parsed {
  const cells: string[] = []
  let at = start
  for (;;) {
    const cell = text[at] === '"' ? quotedCell(text, at) : plainCell(text, at, delimiter)
    cells.push(cell.content)
    const end = cell.next
    const lineEnd = lineEndAt(text, end)
    if (!cell.isClosed || (lineEnd === undefined && text[end] !== delimiter)) {
      return { cells, hasQuoteFault: true, end: text.length, next: text.length }
    }
    if (lineEnd !== undefined) return { cells, hasQuoteFault: false, end, next: end + lineEnd }
    at = end + 1
  }
}

type Cell = { readonly content: string; readonly next: number; readonly isClosed: boolean }

function quotedCell(text: string, start: number): Cell {
  let content = ''
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] !== '"') content += text[at]
    else if (text[at + 1] === '"') {
      content += '"'
      at += 1
    } else return { content, next: at + 1, isClosed: true }
  }
  return { content, next: text.length, isClosed: false }
}

/** A quote that does not begin the cell is a character like any other. */
function plainCell(text: string, start: number, delimiter: string): Cell {
  let at = start
  while (text[at] !== delimiter && lineEndAt(text, at) === undefined) at += 1
  return { content: text.slice(start, at), next: at, isClosed: true }
}

/** The length of the line end at this place: LF, CRLF, CR, or 0 at the end of the text. */
function lineEndAt(text: string, at: number): number | undefined {
  const rest = text.slice(at, at + 2)
  if (rest === '') return 0
  if (rest === '\r\n') return 2
  return rest.startsWith('\n') || rest.startsWith('\r') ? 1 : undefined
}

function judge(record: Bytes, cellCount: number): Row | UnreadableRow {
  const { line, raw } = record
  const reason = structureFault(record, cellCount)
  if (reason === undefined) {
    const cells = record.cells.map((cell) => decode(cell).text)
    return { line, raw: decode(raw).text, cells }
  }
  if (reason !== 'line-too-long') return { line, raw: shown(raw), reason }
  const beginning = shown(raw.slice(0, SHOWN_BYTES_MAX)).replace(/\uFFFD+$/, '')
  return { line, raw: `${beginning}… (${raw.length} bytes)`, reason }
}

function structureFault(record: Bytes, cellCount: number): StructureFault | undefined {
  if (record.raw.length > LINE_BYTES_MAX) return 'line-too-long'
  if (record.raw.includes('\0')) return 'nul-byte'
  if (!decode(record.raw).isValid) return 'invalid-utf8'
  if (record.hasQuoteFault) return 'quote-fault'
  return record.cells.length === cellCount ? undefined : 'wrong-cell-count'
}

/** As a person may see it: U+FFFD for what is no text. */
const shown = (bytes: string): string => decode(bytes).text.replaceAll('\0', '\uFFFD')

function decode(bytes: string): { readonly text: string; readonly isValid: boolean } {
  const buffer = Buffer.from(bytes, 'latin1')
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(buffer)
  return { text, isValid: Buffer.from(text).equals(buffer) }
}

/** Columns are found by name in any case; display names (`AppsFlyer ID`) become `appsflyer_id`. */
function columnName(cell: string): string {
  return fold(cell).replace(/\p{White_Space}+/gu, '_')
}
