import { createHash, type Hash } from 'node:crypto'
import { closeSync, fdatasync, fsync, openSync, writeSync } from 'node:fs'
import { promisify } from 'node:util'
import type { Output } from '../runs/runs.ts'
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
}

/**
 * Written at once. The system took three times as long for writes of 1 MiB, on a virtual machine: they
 * get large pieces of memory, which the host has to find first.
 */
const SHEET_BYTES = 1 << 17
/** So much goes to disk at once, while more is printed. */
const SYNC_BYTES = 1 << 26

const toDisk = promisify(fsync)
const dataToDisk = promisify(fdatasync)

/**
 * Creates the file, lets `print` fill it and brings it to disk, by way of one sheet that is used again
 * and again: fresh memory for each piece cost as much as the printing. Pieces go to the page cache at
 * once: waking a thread for each, and waiting for it, took longer than the copy. They are hashed while
 * they are at hand; to read the file again for that cost three times as much.
 */
export async function writeLines(
  path: string,
  print: (file: LineFile) => void | Promise<void>,
): Promise<Output> {
  const file = openSync(path, 'w')
  const hash = createHash('sha256')
  const syncs: Promise<void>[] = []
  let bytes = 0
  const write = (lines: Uint8Array): void => {
    const before = bytes
    bytes += lines.length
    writeAll(file, hash, lines)
    if (Math.floor(bytes / SYNC_BYTES) > Math.floor(before / SYNC_BYTES)) {
      const syncing = dataToDisk(file)
      syncing.catch(() => undefined)
      syncs.push(syncing)
    }
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
    })
    handOver()
    await Promise.all([...syncs, toDisk(file)])
  } finally {
    await Promise.allSettled(syncs)
    closeSync(file)
  }
  return { sha256: hash.digest('hex'), bytes }
}

function writeAll(file: number, hash: Hash, lines: Uint8Array): void {
  hash.update(lines)
  for (let from = 0; from < lines.length; ) {
    from += writeSync(file, lines, from, Math.min(SHEET_BYTES, lines.length - from))
  }
}

/** Puts a text of any length. */
export function putText(lines: Lines, text: string): void {
  const piece = ink(text)
  lines.makeRoom(piece.length)
  put(lines.sheet, piece)
}
