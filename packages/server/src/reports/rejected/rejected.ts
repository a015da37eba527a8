// The rows that could not be read, with file, line, reason and text: nothing vanishes silently.
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { ink, type LineFile, put, putCell, putText, writeLines } from '../print/print.ts'
import type { Output, RejectedRow } from '../runs/runs.ts'

export type RejectedRows = {
  /** Takes rows of one file from here on; what was taken of this file before is forgotten. */
  begin(file: string): (row: RejectedRow) => void
  /** Writes `rejected_rows.csv`, sorted by file, reason, raw text and line. */
  write(path: string): Promise<Output>
  /** Frees what holds them. */
  close(): void
}

/** So many characters of raw text stay in memory: those of some thousand rows. */
const CHARACTERS_MAX = 200_000

/**
 * Keeps a few in memory and many in a file, since all rows of gigabytes may be bad. SQLite sorts blobs by
 * their bytes and spills; it comes with Node, and to make its file took 2 of the 80 ms of a small run.
 * @param scratch a folder that whoever asks removes
 * @param charactersMax for tests, so that a few rows are many
 */
export function createRejectedRows(scratch: string, charactersMax = CHARACTERS_MAX): RejectedRows {
  const few = createList()
  let shelf: Shelf = few
  let characters = 0
  const toFile = (): void => {
    shelf = openShelf(join(scratch, 'rejected.db'))
    for (const [reading, row] of few.rows.splice(0)) shelf.add(reading, row)
  }
  const readings = new Map<string, number>()
  let begun = 0
  return {
    begin(file) {
      const reading = begun
      begun += 1
      readings.set(file, reading)
      return ({ line, reason, raw }) => {
        characters += ROW_CHARACTERS + raw.length
        if (shelf === few && characters > charactersMax) toFile()
        shelf.add(reading, [file, line, reason, Buffer.from(raw)])
      }
    },
    write: (path) =>
      writeLines(path, (file) => {
        putText(file, 'file,line,reason,raw\n')
        for (const row of shelf.sorted([...readings.values()])) putRow(file, row)
      }),
    close: () => shelf.close(),
  }
}

/** In the order of the columns of the file. */
type Row = readonly [file: string, line: number, reason: string, raw: Uint8Array]

/** Of a row beside its raw text, about. */
const ROW_CHARACTERS = 100

type Shelf = {
  add(reading: number, row: Row): void
  sorted(readings: readonly number[]): Iterable<Row>
  close(): void
}

function createList(): Shelf & { readonly rows: (readonly [number, Row])[] } {
  const rows: (readonly [number, Row])[] = []
  return {
    add: (reading, row) => void rows.push([reading, row]),
    sorted: (readings) =>
      rows
        .filter(([reading]) => readings.includes(reading))
        .map(([, row]) => row)
        .sort(compareRows),
    rows,
    close: () => undefined,
  }
}

function compareRows(
  [file, line, reason, raw]: Row,
  [otherFile, otherLine, otherReason, otherRaw]: Row,
): number {
  if (file !== otherFile) return file < otherFile ? -1 : 1
  if (reason !== otherReason) return reason < otherReason ? -1 : 1
  return Buffer.compare(raw, otherRaw) || line - otherLine
}

function openShelf(path: string): Shelf {
  const database = new DatabaseSync(path)
  // A run that dies begins anew, so nothing of it has to last.
  database.exec(
    'PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE',
  )
  database.exec(
    'CREATE TABLE rejected (reading INTEGER, file TEXT, line INTEGER, reason TEXT, raw BLOB); BEGIN',
  )
  const insert = database.prepare('INSERT INTO rejected VALUES (?, ?, ?, ?, ?)')
  return {
    add: (reading, row) => void insert.run(reading, ...row),
    sorted(readings) {
      const rows = database.prepare(
        `SELECT file, line, reason, raw FROM rejected WHERE reading IN (${readings.join(', ')})
        ORDER BY file, reason, raw, line`,
        { returnArrays: true },
      )
      return rows.iterate() as Iterator<unknown> as IterableIterator<Row>
    },
    close: () => database.close(),
  }
}

const COMMA = ink(',')
const LINE_END = ink('\n')

function putRow(file: LineFile, row: Row): void {
  row.forEach((value, index) => {
    const cell = value instanceof Uint8Array ? value : ink(String(value))
    // Each byte may be a quote, which is doubled, in quotes and behind an apostrophe.
    file.makeRoom(2 * cell.length + 4)
    putCell(file.sheet, cell, 0, cell.length)
    put(file.sheet, index + 1 < row.length ? COMMA : LINE_END)
  })
}
