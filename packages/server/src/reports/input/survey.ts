import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import type { Header } from './header.ts'
import type { Walk, Window } from './record-walk.ts'
import { isBlank, unreadableReason } from './unreadable.ts'
import { type Chunk, walkFile } from './walk-file.ts'

/** What one pass over a file's bytes tells. */
export type Survey = {
  readonly sha256: string
  readonly bytes: number
  /** DuckDB's strict reader reads the file as we do. */
  readonly regular: boolean
  /** A quote fault was met: every line must be read for itself. */
  readonly quoteFault: boolean
  /** A cell holds a line break. */
  readonly multiline: boolean
  /** Readable records; meaningless unless regular. */
  readonly records: number
}

export type SurveySettings = {
  readonly window: Window
  readonly chunkBytes: number
  readonly recordBytesMax: number
  readonly fileBytes: number
  readonly signal?: AbortSignal | undefined
  /** Each readable record; the object is used again for the next. */
  readonly onRecord: (record: Walk, bytes: Buffer) => void
  /** So many more bytes of the file are read. */
  readonly onBytes: (bytes: number) => void
}

type Findings = { regular: boolean; quoteFault: boolean; multiline: boolean; records: number }

/** Reads a file once, to its last byte, and finds out whether it must be sorted out first. */
export async function survey(
  file: FileHandle,
  header: Header,
  settings: SurveySettings,
): Promise<Survey> {
  const hash = createHash('sha256')
  const marks = { quoteFault: false, multiline: false }
  const found: Findings = { regular: header.plain, ...marks, records: 0 }
  hash.update(await bytesBefore(file, header.data.offset))
  settings.onBytes(header.data.offset)
  let bytes = header.data.offset
  const walking = walkFile(
    file,
    header.data,
    {
      ...settings,
      columns: header.cells.length,
      grammar: { delimiter: header.delimiter.charCodeAt(0), byLine: false },
      onBytes: (read) => {
        hash.update(read)
        bytes += read.length
        settings.onBytes(read.length)
      },
    },
    (record, chunk) => note(record, chunk, header.cells.length, settings, found),
  )
  let state = null
  for await (state of walking) {
  }
  const regular = found.regular && state !== null && oneLineEnd(header, state)
  return { ...found, regular, sha256: hash.digest('hex'), bytes }
}

function note(
  record: Walk,
  chunk: Chunk,
  columns: number,
  settings: SurveySettings,
  found: Findings,
): boolean {
  if (record.cells === 1 && isBlank(record, chunk.bytes)) {
    found.regular = false
    return true
  }
  if (record.fault || (record.breaks > 0 && record.cells !== columns)) {
    found.regular = false
    found.quoteFault = true
    return false
  }
  const expected = { cells: columns, bytes: settings.recordBytesMax, sound: chunk.sound }
  if (unreadableReason(record, chunk.bytes, expected) !== null) {
    found.regular = false
    return true
  }
  // DuckDB takes the quotes of ` "4,99"` away and the space with them.
  if (record.literalQuote) found.regular = false
  if (record.breaks > 0) found.multiline = true
  found.records += 1
  settings.onRecord(record, chunk.bytes)
  return true
}

/**
 * DuckDB's reader fails on mixed line ends. An empty line of a file with one column is a row to it.
 */
function oneLineEnd(
  { ends, cells }: Header,
  { lfEnds, crlfEnds, crEnds, emptyLines }: Walk,
): boolean {
  const kinds = Math.sign(lfEnds + ends.lfEnds) + Math.sign(crlfEnds + ends.crlfEnds)
  return kinds <= 1 && crEnds + ends.crEnds === 0 && (cells.length > 1 || emptyLines === 0)
}

async function bytesBefore(file: FileHandle, offset: number): Promise<Buffer> {
  const bytes = Buffer.alloc(offset)
  for (let filled = 0; filled < offset; ) {
    const { bytesRead } = await file.read(bytes, filled, offset - filled, filled)
    if (bytesRead === 0) throw new Error('the file became shorter while it was read')
    filled += bytesRead
  }
  return bytes
}
