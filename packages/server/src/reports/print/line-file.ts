import { createHash } from 'node:crypto'
import type { Output } from '../runs/runs.ts'
import { createDiskFile } from './disk-file.ts'
import { createSheet, ink, put, type Sheet } from './sheet.ts'

/** What lines are printed on. */
export type Lines = {
  /** Where to print, once there is room. */
  readonly sheet: Sheet
  makeRoom(bytes: number): void
}

/** A file that is printed line by line. */
export type LineFile = Lines & {
  /** Puts what was printed elsewhere. */
  append(lines: Uint8Array): void
  /** What to wait for before more is printed, where the disk has fallen behind. */
  ready(): Promise<void> | null
}

/** Small enough to stay in a processor's second cache until it is hashed and copied. */
const SHEET_BYTES = 1 << 17

/**
 * Creates the file, lets `print` fill it and brings it to disk, by way of one sheet that is used again
 * and again: fresh memory for each piece cost as much as the printing. Pieces are hashed while they are at
 * hand; to read the file again for that cost three times as much.
 */
export async function writeLines(
  path: string,
  print: (file: LineFile) => void | Promise<void>,
): Promise<Output> {
  const file = createDiskFile(path)
  const hash = createHash('sha256')
  let bytes = 0
  const write = (lines: Uint8Array): void => {
    bytes += lines.length
    hash.update(lines)
    file.write(lines)
  }
  const sheet = createSheet(SHEET_BYTES)
  const handOver = (): void => {
    write(sheet.bytes.subarray(0, sheet.at))
    sheet.at = 0
  }
  try {
    await print({
      sheet,
      makeRoom(needed) {
        if (sheet.at + needed <= sheet.bytes.length) return
        handOver()
        if (needed > sheet.bytes.length) sheet.bytes = new Uint8Array(needed)
      },
      append(lines) {
        handOver()
        write(lines)
      },
      ready: file.ready,
    })
    handOver()
    await file.end()
  } finally {
    await file.close()
  }
  return { sha256: hash.digest('hex'), bytes }
}

/** Puts a text of any length. */
export function putText(lines: Lines, text: string): void {
  const piece = ink(text)
  lines.makeRoom(piece.length)
  put(lines.sheet, piece)
}
