import { isUtf8 } from 'node:buffer'
import type { Walk } from './record-walk.ts'

/** Why a record is no row: what is wrong with its bytes or its structure. */
export const UNREADABLE_REASONS = [
  'line-too-long',
  'nul-byte',
  'invalid-utf8',
  'quote-fault',
  'wrong-cell-count',
] as const
export type UnreadableReason = (typeof UNREADABLE_REASONS)[number]

/**
 * A record that cannot be read: the line where it starts (from 1), and its text without the line
 * end. U+FFFD stands for bytes that are no UTF-8 and for NUL; a record that is too long is cut.
 */
export type UnreadableRecord = {
  readonly line: number
  readonly reason: UnreadableReason
  readonly raw: string
}

/** A record of more bytes than this is not read. */
export const RECORD_BYTES_MAX = 1_048_576
/**
 * Of a record that is too long so many bytes are shown, or the list of rejects would be as long. No
 * more than are held when it is found too long, so that it is shown alike wherever it stands.
 */
export const RAW_BYTES_MAX = 4_096

/**
 * The first reason that makes a record unreadable, null when it can be read. `sound` says that the
 * bytes around are known to be UTF-8 without NUL, which saves looking at each record.
 */
export function unreadableReason(
  record: Walk,
  bytes: Buffer,
  expected: { readonly cells: number; readonly bytes: number; readonly sound: boolean },
): UnreadableReason | null {
  if (record.dropped > 0 || record.stop - record.start > expected.bytes) return 'line-too-long'
  if (!expected.sound) {
    const own = bytes.subarray(record.start, record.stop)
    if (own.includes(0)) return 'nul-byte'
    if (!isUtf8(own)) return 'invalid-utf8'
  }
  if (record.fault) return 'quote-fault'
  return record.cells === expected.cells ? null : 'wrong-cell-count'
}

/** A line of nothing but spaces and tabs is blank: no record, like a line without a character. */
export function isBlank(record: Walk, bytes: Buffer): boolean {
  if (record.cells > 1 || record.dropped > 0) return false
  for (let at = record.start; at < record.stop; at += 1) {
    if (bytes[at] !== 0x20 && bytes[at] !== 0x09) return false
  }
  return true
}

/** The text of bytes as a person may see it: U+FFFD in place of what is no text. */
export function shownText(bytes: Buffer): string {
  return bytes.toString('utf8').replaceAll('\0', '\ufffd')
}

/** The beginning of a record that is too long, without a cut character, and how long it is. */
export function shownBeginning(beginningBytes: Buffer, bytesInAll: number): string {
  const beginning = shownText(beginningBytes).replace(/\ufffd+$/, '')
  return `${beginning}… (${bytesInAll} bytes)`
}
