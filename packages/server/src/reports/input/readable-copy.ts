import { type FileHandle, open } from 'node:fs/promises'
import { joinCells, splitCells } from './csv-cells.ts'
import type { Header } from './header.ts'
import { LF, type Walk } from './record-walk.ts'
import type { SurveySettings } from './survey.ts'
import {
  isBlank,
  shownBeginning,
  shownText,
  type UnreadableReason,
  type UnreadableRecord,
  unreadableReason,
} from './unreadable.ts'
import { beginningOf, type Chunk, walkFile } from './walk-file.ts'

/** What became of the records of a file that DuckDB cannot read as it is. */
export type ReadableCopy = {
  /** The readable ones. */
  readonly records: number
  readonly unreadable: number
  readonly multiline: boolean
}

export type CopySettings = SurveySettings & {
  readonly byLine: boolean
  readonly onUnreadable: (record: UnreadableRecord) => void | Promise<void>
}

/**
 * Writes the readable records of a file to `path`, in file order, behind a line that stands for the
 * header: UTF-8, LF, quotes as in RFC 4180, the delimiter of the original. Hands over the others.
 */
export async function writeReadableCopy(
  file: FileHandle,
  header: Header,
  path: string,
  settings: CopySettings,
): Promise<ReadableCopy> {
  const unread: UnreadableRecord[] = []
  const copy = await createCopy(path, header, settings.chunkBytes)
  settings.onBytes(header.data.offset)
  let records = 0
  let unreadable = 0
  let multiline = false
  try {
    const { byLine } = settings
    const walking = walkFile(
      file,
      header.data,
      {
        ...settings,
        columns: header.cells.length,
        grammar: { delimiter: header.delimiter.charCodeAt(0), byLine },
        onBytes: (read) => settings.onBytes(read.length),
      },
      (record, chunk) => {
        if (isBlank(record, chunk.bytes)) return true
        const { recordBytesMax: bytes } = settings
        const expected = { cells: header.cells.length, bytes, sound: chunk.sound }
        const reason = unreadableReason(record, chunk.bytes, expected)
        if (reason === null) {
          copy.add(record, chunk.bytes)
          settings.onRecord(record, chunk.bytes)
          records += 1
          multiline ||= record.breaks > 0
        } else {
          unread.push({ line: record.line, reason, raw: rawText(record, chunk, reason, settings) })
        }
        return true
      },
    )
    for await (const _ of walking) {
      await copy.flush()
      unreadable += unread.length
      for (const record of unread.splice(0)) await settings.onUnreadable(record)
    }
  } finally {
    await copy.close()
  }
  return { records, unreadable, multiline }
}

function rawText(
  record: Walk,
  chunk: Chunk,
  reason: UnreadableReason,
  settings: CopySettings,
): string {
  const held = chunk.bytes.subarray(record.start, record.stop)
  if (reason !== 'line-too-long') return shownText(held)
  const beginning = record.dropped > 0 ? chunk.beginning : beginningOf(held, settings)
  return shownBeginning(beginning, record.dropped + held.length)
}

type Copy = {
  add(record: Walk, bytes: Buffer): void
  flush(): Promise<void>
  close(): Promise<void>
}

/** Collects what one chunk gives and writes it at once: its size is bounded by the chunk's. */
async function createCopy(path: string, header: Header, chunkBytes: number): Promise<Copy> {
  const { delimiter } = header
  const target: FileHandle = await open(path, 'w')
  let pending = Buffer.allocUnsafe(chunkBytes * 2)
  let filled = 0
  const append = (source: Buffer, start: number, stop: number): void => {
    const needed = filled + (stop - start) + 1
    if (needed > pending.length) {
      pending = Buffer.concat([pending.subarray(0, filled)], needed * 2)
    }
    source.copy(pending, filled, start, stop)
    pending[needed - 1] = LF
    filled = needed
  }
  const names = Buffer.from(header.cells.map((_, column) => `c${column}`).join(delimiter))
  append(names, 0, names.length)
  return {
    add(record, bytes) {
      if (!record.literalQuote) {
        append(bytes, record.start, record.stop)
        return
      }
      const text = bytes.toString('utf8', record.start, record.stop)
      const plain = Buffer.from(joinCells(splitCells(text, delimiter), delimiter))
      append(plain, 0, plain.length)
    },
    async flush() {
      for (let at = 0; at < filled; ) {
        at += (await target.write(pending, at, filled - at)).bytesWritten
      }
      filled = 0
    },
    close: () => target.close(),
  }
}
