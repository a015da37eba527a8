import { closeSync, openSync, writeSync } from 'node:fs'
import { createSheet, ink, put, type Sheet } from './sheet.ts'

/** A file that is printed line by line. */
export type LineFile = {
  /** Where to print, once there is room. */
  readonly sheet: Sheet
  makeRoom(bytes: number): void
}

const SHEET_BYTES = 1 << 17

/**
 * Creates the file and lets `print` fill it, by way of one sheet that is used again and again: fresh
 * memory for each piece cost as much as the printing. Pieces go to the page cache at once: waking a
 * thread for each, and waiting for it, took longer than the copy.
 */
export async function writeLines(
  path: string,
  print: (file: LineFile) => void | Promise<void>,
): Promise<void> {
  const file = openSync(path, 'w')
  const sheet = createSheet(SHEET_BYTES)
  const handOver = (): void => {
    for (let from = 0; from < sheet.at; )
      from += writeSync(file, sheet.bytes, from, sheet.at - from)
    sheet.at = 0
  }
  try {
    await print({
      sheet,
      makeRoom(bytes) {
        if (sheet.at + bytes <= sheet.bytes.length) return
        handOver()
        if (bytes > sheet.bytes.length) sheet.bytes = new Uint8Array(bytes)
      },
    })
    handOver()
  } finally {
    closeSync(file)
  }
}

/** Puts a text of any length. */
export function putText(file: LineFile, text: string): void {
  const piece = ink(text)
  file.makeRoom(piece.length)
  put(file.sheet, piece)
}
