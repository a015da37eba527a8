import type { FileHandle } from 'node:fs/promises'
import type { Header } from './header.ts'
import type { Walk, Window } from './record-walk.ts'
import {
  isBlank,
  shownBeginning,
  shownText,
  type UnreadableReason,
  type UnreadableRecord,
  unreadableReason,
} from './unreadable.ts'
import { beginningOf, type Chunk, walkFile } from './walk-file.ts'

/** What one pass over a file's records tells. */
export type Records = {
  /** Readable ones. */
  readonly records: number
  readonly unreadable: number
  /** A quote fault was met, so that every line must be read for itself; the counts mean nothing. */
  readonly isFaulty: boolean
}

export type ReadSettings = {
  readonly window: Window
  readonly chunkBytes: number
  readonly recordBytesMax: number
  readonly fileBytes: number
  readonly signal?: AbortSignal | undefined
  /**
   * Each readable record where it lies in `bytes`, which begin at byte `base` of the file. Both are used
   * again for the next: a taker keeps nothing of them.
   */
  readonly onRecord: (record: Walk, bytes: Buffer, base: number) => void
  /** Each record that cannot be read, in file order; a promise is waited for. */
  readonly onUnreadable: (record: UnreadableRecord) => void | Promise<void>
  /** The bytes of the file behind its header, once and in order. */
  readonly onBytes: (bytes: Buffer) => void
}

/**
 * Reads a file once, to its last byte, and hands over its records. Without `byLine` it stops to do so
 * at the first quote fault, which may have swallowed any number of lines.
 */
export async function readRecords(
  file: FileHandle,
  header: Header,
  byLine: boolean,
  settings: ReadSettings,
): Promise<Records> {
  const found = { records: 0, unreadable: 0, isFaulty: false }
  const unread: UnreadableRecord[] = []
  const { length: columns } = header.cells
  const visit = (record: Walk, chunk: Chunk): boolean => {
    if (record.cells === 1 && isBlank(record, chunk.bytes)) return true
    if (!byLine && (record.fault || (record.breaks > 0 && record.cells !== columns))) {
      found.isFaulty = true
      return false
    }
    const expected = { cells: columns, bytes: settings.recordBytesMax, sound: chunk.sound }
    const reason = unreadableReason(record, chunk.bytes, expected)
    if (reason === null) {
      found.records += 1
      settings.onRecord(record, chunk.bytes, chunk.base)
    } else {
      unread.push({ line: record.line, reason, raw: rawText(record, chunk, reason, settings) })
    }
    return true
  }
  const grammar = { delimiter: header.delimiter.charCodeAt(0), byLine }
  const walking = walkFile(file, header.data, { ...settings, columns, grammar }, visit)
  for await (const _ of walking) {
    found.unreadable += unread.length
    for (const record of unread.splice(0)) await settings.onUnreadable(record)
  }
  return found
}

function rawText(
  record: Walk,
  chunk: Chunk,
  reason: UnreadableReason,
  settings: ReadSettings,
): string {
  const held = chunk.bytes.subarray(record.start, record.stop)
  if (reason !== 'line-too-long') return shownText(held)
  const beginning = record.dropped > 0 ? chunk.beginning : beginningOf(held, settings)
  return shownBeginning(beginning, record.dropped + held.length)
}
