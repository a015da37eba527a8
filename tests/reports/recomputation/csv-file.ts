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
const DELIMITERS = [',', ';', '\t'] as const

/**
 * Reads a file as records whose quoted cells may hold line breaks; if any quote is at fault, once
 * more line by line. The delimiter is the first with which the header holds what `isComplete` asks.
 */
export function readCsvFile(
  content: string | Uint8Array,
  isComplete: (names: readonly string[]) => boolean,
): CsvFile {
  const bytes = Buffer.from(content)
    .toString('latin1')
    .replace(/^\xEF\xBB\xBF/, '')
  const lines = physicalLines(bytes)
  const headerAt = lines.findIndex((line) => withoutLineEnd(line) !== '')
  const header = lines[headerAt] ?? ''
  const namesBy = (delimiter: string): string[] => headerNames(header, delimiter)
  const delimiter = DELIMITERS.find((one) => isComplete(namesBy(one))) ?? ','
  const names = namesBy(delimiter)
  const body = { lines: lines.slice(headerAt + 1), firstLine: headerAt + 2, delimiter }
  const records = wholeRecords(body, names.length) ?? singleLines(body)
  const judged = records.map((record) => judge(record, names.length))
  return {
    names: headerAt === -1 ? [] : names,
    rows: judged.filter((row) => 'cells' in row),
    unreadable: judged.filter((row) => 'reason' in row),
  }
}

function headerNames(header: string, delimiter: string): string[] {
  const { cells, hasQuoteFault } = parseRecord(header, 0, delimiter)
  return hasQuoteFault ? [] : cells.map((name) => columnName(decode(name).text))
}

type Body = {
  readonly lines: readonly string[]
  readonly firstLine: number
  readonly delimiter: string
}

/** A record as bytes: each character of its texts stands for one byte. */
type BytesRecord = {
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
function wholeRecords(body: Body, cellCount: number): BytesRecord[] | undefined {
  const text = body.lines.join('')
  const records: BytesRecord[] = []
  let line = body.firstLine
  for (let at = 0; at < text.length; ) {
    const parsed = parseRecord(text, at, body.delimiter)
    const raw = text.slice(at, parsed.end)
    const isMiscounted = raw.includes('\n') && parsed.cells.length !== cellCount
    if (parsed.hasQuoteFault || isMiscounted) return undefined
    if (raw !== '') records.push({ line, raw, cells: parsed.cells, hasQuoteFault: false })
    line += text.slice(at, parsed.next).split('\n').length - 1
    at = parsed.next
  }
  return records
}

function singleLines(body: Body): BytesRecord[] {
  return body.lines
    .map((text, at) => {
      const { cells, hasQuoteFault } = parseRecord(text, 0, body.delimiter)
      return { line: body.firstLine + at, raw: withoutLineEnd(text), cells, hasQuoteFault }
    })
    .filter(({ raw }) => raw !== '')
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

/** The length of the line end at this place: LF, CRLF, or the file's end with or without a CR. */
function lineEndAt(text: string, at: number): number | undefined {
  const rest = text.slice(at, at + 2)
  if (rest === '' || rest.startsWith('\n')) return Math.min(rest.length, 1)
  if (rest === '\r\n') return 2
  return rest === '\r' ? 1 : undefined
}

function judge(record: BytesRecord, cellCount: number): Row | UnreadableRow {
  const raw = decode(record.raw.slice(0, LINE_BYTES_MAX))
  const reason = structureFault(record, cellCount)
  if (reason !== undefined) {
    return { line: record.line, raw: raw.text.replaceAll('\0', '\uFFFD'), reason }
  }
  const cells = record.cells.map((cell) => decode(cell).text)
  return { line: record.line, raw: raw.text, cells }
}

function structureFault(record: BytesRecord, cellCount: number): StructureFault | undefined {
  if (record.raw.length > LINE_BYTES_MAX) return 'line-too-long'
  if (record.hasQuoteFault) return 'quote-fault'
  if (record.cells.length !== cellCount) return 'wrong-cell-count'
  if (!decode(record.raw).isValid) return 'invalid-utf8'
  return record.raw.includes('\0') ? 'nul-byte' : undefined
}

function decode(bytes: string): { readonly text: string; readonly isValid: boolean } {
  const buffer = Buffer.from(bytes, 'latin1')
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(buffer)
  return { text, isValid: Buffer.from(text).equals(buffer) }
}

/** Columns are found by name in any case; display names (`AppsFlyer ID`) become `appsflyer_id`. */
function columnName(cell: string): string {
  return fold(cell).replace(/\p{White_Space}+/gu, '_')
}

/** Lines with their line ends. */
function physicalLines(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? []
}

function withoutLineEnd(line: string): string {
  return line.replace(/\r?\n$|\r$/, '')
}
