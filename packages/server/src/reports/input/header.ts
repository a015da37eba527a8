import { type FileHandle, open } from 'node:fs/promises'
import { basename } from 'node:path'
import { splitCells } from './csv-cells.ts'
import { fileFailure, InputError } from './input-error.ts'
import { CR, createWalk, createWindow, LF, QUOTE, type Walk, walk } from './record-walk.ts'
import { isBlank, RECORD_BYTES_MAX } from './unreadable.ts'
import type { Place } from './walk-file.ts'

export type Delimiter = ',' | ';' | '\t'

/** The first record of a file: the names of its columns, and what it tells of the rest. */
export type Header = {
  readonly cells: readonly string[]
  readonly delimiter: Delimiter
  /** Where the records begin. */
  readonly data: Place
  /** About so many bytes a line has, by those that were read for the header. */
  readonly lineBytes: number
}

/**
 * The names of the columns, without reading on: for a check before the work.
 * @throws InputError when the file cannot be read, is empty or is no CSV text in UTF-8
 */
export async function readHeader(path: string): Promise<Header> {
  const file = await openCsv(path)
  try {
    return await headerOf(file, path, (await file.stat()).size)
  } finally {
    await file.close()
  }
}

/** A file of the reports, open for reading. */
export async function openCsv(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r')
  } catch (error) {
    throw fileFailure(path, error)
  }
}

/** A usual header is shorter: what is read beyond it takes memory and time for nothing. */
const USUAL_BYTES = 65_536

/** The same of a file that is open. */
export async function headerOf(file: FileHandle, path: string, fileBytes: number): Promise<Header> {
  const usual = await headerWithin(Math.min(USUAL_BYTES, fileBytes), file, path)
  if (typeof usual !== 'string') return usual
  const found = await headerWithin(Math.min(RECORD_BYTES_MAX, fileBytes), file, path)
  if (typeof found !== 'string') return found
  throw noHeader(basename(path), found === 'empty')
}

/** The header, or why there is none in the first bytes of the file. */
async function headerWithin(
  bytesMax: number,
  file: FileHandle,
  path: string,
): Promise<Header | 'empty' | 'longer'> {
  const name = basename(path)
  const window = createWindow(bytesMax + 4)
  const { bytes } = window
  const { filled, whole } = await fill(file, bytes, path)
  refuseOtherFormats(bytes.subarray(0, filled), name)
  const start = beginsWith(bytes.subarray(0, filled), BOM) ? BOM.length : 0
  const { delimiter, isSure } = delimiterOf(bytes.subarray(start, filled))
  if (!isSure && bytesMax === USUAL_BYTES) return 'longer'
  const state = { ...createWalk(1), start, at: start, cellStart: start }
  const grammar = { delimiter: delimiter.charCodeAt(0), byLine: false }
  const first: { record?: Walk } = {}
  walk(state, grammar, window, filled, whole, (record) => {
    if (isBlank(record, bytes)) return true
    first.record = { ...record }
    return false
  })
  if (first.record === undefined) return whole ? 'empty' : 'longer'
  if (first.record.fault) throw new InputError(`${name}: ${OPEN_QUOTE}`)
  const own = bytes.subarray(first.record.start, first.record.stop)
  if (own.includes(0)) throw new InputError(`${name}: ${NOT_UTF8}`)
  return {
    cells: splitCells(own.toString('utf8'), delimiter),
    delimiter,
    data: { offset: state.start, line: state.line },
    lineBytes: meanLine(bytes.subarray(state.start, filled)),
  }
}

/** Of lines that end in LF; of others it is one long line. */
function meanLine(bytes: Buffer): number {
  let lines = 0
  for (let at = bytes.indexOf(LF); at !== -1; at = bytes.indexOf(LF, at + 1)) lines += 1
  return bytes.length / Math.max(1, lines)
}

const BOM = Buffer.from([0xef, 0xbb, 0xbf])
const NOT_UTF8 = 'it is UTF-16, not UTF-8; save it as "CSV UTF-8"'
const OPEN_QUOTE = 'its first line has a quote that is not closed properly'

/** What the first bytes of other formats are: people export one and name it .csv. */
const OTHER_FORMATS: readonly (readonly [bytes: readonly number[], what: string])[] = [
  [[0xff, 0xfe], NOT_UTF8],
  [[0xfe, 0xff], NOT_UTF8],
  [[0x50, 0x4b, 0x03, 0x04], 'it is a ZIP archive or an Excel workbook; save it as "CSV UTF-8"'],
  [[0x1f, 0x8b], 'it is compressed with gzip; unpack it first'],
]

const beginsWith = (head: Buffer, bytes: Buffer): boolean =>
  head.subarray(0, bytes.length).equals(bytes)

function refuseOtherFormats(head: Buffer, name: string): void {
  for (const [bytes, what] of OTHER_FORMATS) {
    if (beginsWith(head, Buffer.from(bytes))) throw new InputError(`${name}: ${what}`)
  }
}

function noHeader(name: string, whole: boolean): InputError {
  return new InputError(
    whole
      ? `${name} is empty: its first line must name the columns`
      : `${name}: its first line is longer than 1 MiB, or ${OPEN_QUOTE}`,
  )
}

async function fill(
  file: FileHandle,
  bytes: Buffer,
  path: string,
): Promise<{ filled: number; whole: boolean }> {
  let filled = 0
  try {
    while (filled < bytes.length) {
      const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, filled)
      if (bytesRead === 0) return { filled, whole: true }
      filled += bytesRead
    }
  } catch (error) {
    throw fileFailure(path, error)
  }
  return { filled, whole: false }
}

/**
 * The separator that the header holds most often outside quotes; a comma when it holds none. It is sure
 * where the line ends.
 */
function delimiterOf(head: Buffer): { readonly delimiter: Delimiter; readonly isSure: boolean } {
  const counts: Record<Delimiter, number> = { ',': 0, ';': 0, '\t': 0 }
  let quoted = false
  let begun = false
  let isSure = false
  for (const byte of head) {
    if (byte === QUOTE) quoted = !quoted
    if (quoted) continue
    if (byte === LF || byte === CR) {
      isSure = begun
      if (isSure) break
      continue
    }
    begun ||= byte !== 0x20
    const character = String.fromCharCode(byte)
    if (character === ',' || character === ';' || character === '\t') counts[character] += 1
  }
  const isSemicolon = counts[';'] > counts[','] && counts[';'] >= counts['\t']
  const other = counts['\t'] > counts[','] ? '\t' : ','
  return { delimiter: isSemicolon ? ';' : other, isSure }
}
