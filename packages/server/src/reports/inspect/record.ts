import { splitCells } from '../input/input.ts'

/** One readable record where it lies in the bytes of a chunk; used again for the next record. */
export type RecordPlace = {
  /** Cell i is `starts[i]` up to, without its separator, `starts[i + 1] - 1`. */
  readonly starts: Int32Array
  readonly start: number
  readonly stop: number
  /** The line of the file, from 1. */
  readonly line: number
  /** A quote stands in it: its cells are not what their bytes say. */
  readonly quoted: boolean
}

/** Looks at each readable record of a file, in file order. */
export type Inspector<Findings> = {
  record(record: RecordPlace, bytes: Buffer): void
  /** What was found, after the last record. */
  finish(): Findings
}

/** All cells as text, as the engine reads them. */
export const cellsOf = ({ start, stop }: RecordPlace, bytes: Buffer, delimiter: string): string[] =>
  splitCells(bytes.toString('utf8', start, stop), delimiter)
