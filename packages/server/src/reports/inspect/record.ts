import { splitCells } from '../input/input.ts'

const QUOTE = 0x22

/** One readable record where it lies in the bytes of a chunk; used again for the next record. */
export type RecordPlace = {
  /** Cell i is `starts[i]` up to, without its separator, `starts[i + 1] - 1`. */
  readonly starts: Int32Array
  readonly start: number
  readonly stop: number
  /** The line of the file, from 1. */
  readonly line: number
  /** A quote stands in it. */
  readonly quoted: boolean
}

/** Looks at each readable record of a file, in file order. */
export type Inspector<Findings> = {
  /** @param base where `bytes` begin in the file */
  record(record: RecordPlace, bytes: Buffer, base: number): void
  /** What was found, after the last record. */
  finish(): Findings
}

/** A record as text: as it stands in the file, and its cells as they read. */
export type Row = {
  readonly line: number
  readonly raw: string
  readonly cells: readonly string[]
  /** The byte of the file where it starts. */
  readonly place: number
}

export function readRow(
  { line, start, stop }: RecordPlace,
  bytes: Buffer,
  base: number,
  delimiter: string,
): Row {
  const raw = bytes.toString('utf8', start, stop)
  return { line, raw, cells: splitCells(raw, delimiter), place: base + start }
}

/** Where the bytes of a cell begin, inside its quotes. */
export function cellStart({ starts, quoted }: RecordPlace, bytes: Buffer, cell: number): number {
  const start = starts[cell] as number
  return quoted && bytes[start] === QUOTE ? start + 1 : start
}

/** Where the bytes of a cell end, inside its quotes. */
export function cellStop({ starts, quoted }: RecordPlace, bytes: Buffer, cell: number): number {
  const stop = (starts[cell + 1] as number) - 1
  return quoted && bytes[starts[cell] as number] === QUOTE ? stop - 1 : stop
}

/** A quote stands inside a cell: it may be doubled, so that the text is not what the bytes say. */
export function hasInnerQuote(record: RecordPlace, bytes: Buffer, cell: number): boolean {
  if (!record.quoted) return false
  const stop = cellStop(record, bytes, cell)
  for (let at = cellStart(record, bytes, cell); at < stop; at += 1) {
    if (bytes[at] === QUOTE) return true
  }
  return false
}
