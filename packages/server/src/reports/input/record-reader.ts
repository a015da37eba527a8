import { closeSync, openSync, readSync } from 'node:fs'
import { splitCells } from './csv-cells.ts'
import { createWalk, createWindow, walk } from './record-walk.ts'
import type { ScannedCsv } from './scan.ts'

/** Reads single records of a file again. */
export type RecordReader = {
  /** The cells of the record that starts at byte `place`. */
  cells(place: number): readonly string[]
  close(): void
}

/** Most records are much shorter. */
const FIRST_BYTES = 4_096

/** @param file one that was scanned, and not changed since */
export function openRecords(file: Pick<ScannedCsv, 'path' | 'delimiter' | 'byLine'>): RecordReader {
  const { path, delimiter, byLine } = file
  const grammar = { delimiter: delimiter.charCodeAt(0), byLine }
  // Most files need none of it.
  let handle: number | undefined
  let window = createWindow(FIRST_BYTES)
  return {
    cells(place) {
      handle ??= openSync(path, 'r')
      for (;;) {
        const { bytes } = window
        const read = readSync(handle, bytes, 0, bytes.length, place)
        let text: string | null = null
        const isLast = read < bytes.length
        walk(createWalk(1), grammar, window, read, isLast, ({ start, stop }) => {
          text = bytes.toString('utf8', start, stop)
          return false
        })
        if (text !== null) return splitCells(text, delimiter)
        if (isLast) throw new Error(`${path} has no record at byte ${place}`)
        window = createWindow(bytes.length * 16)
      }
    },
    close() {
      if (handle !== undefined) closeSync(handle)
    },
  }
}
