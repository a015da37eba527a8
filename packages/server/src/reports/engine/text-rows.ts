import { DuckDBBlobVector, type DuckDBDataChunk, DuckDBListVector } from '@duckdb/node-api'
import { type Column, itemsOf } from './columns.ts'
import type { Engine } from './duckdb.ts'

/** Rows of a table by rowid, with the bytes of their texts. */
export type TextWindow = {
  /** The first row, and the one behind the last. */
  readonly from: number
  readonly to: number
  readonly bytes: Uint8Array
  /** Where each text begins in `bytes`, row by row, and where the last one ends. */
  readonly starts: Int32Array
  /** By column, then by row. */
  readonly codes: readonly Int32Array[]
}

export type TextRows = {
  /** The window with this row. The next one is read meanwhile. */
  window(row: number): Promise<TextWindow>
}

export type TextTable = {
  readonly table: string
  readonly rows: number
  /** About how long the texts of a row are, together. */
  readonly rowBytes: number
  /** Columns of VARCHAR; NULL is an empty text. */
  readonly texts: readonly string[]
  /** Expressions of INTEGER, never NULL. */
  readonly codes: readonly string[]
}

const WINDOW_ROWS_MAX = 100_000
/** Of texts; rows whose texts are long come in fewer. */
const WINDOW_BYTES = 1 << 24

/** No row yet, for whoever looks into a window before each row. */
export const NO_WINDOW: TextWindow = {
  ...{ from: 0, to: 0, bytes: new Uint8Array(0), starts: new Int32Array(0), codes: [] },
}

/**
 * Reads texts of a table in order of its rowids. One by one they cost a microsecond each on their way
 * out of the engine, as one text of a hundred thousand a tenth of that.
 * @param engine a lane of its own: the next rows are read while these are printed
 */
export function createTextRows(engine: Engine, table: TextTable): TextRows {
  const windowRows = Math.ceil(Math.min(WINDOW_ROWS_MAX, WINDOW_BYTES / table.rowBytes))
  const known = new Map<number, Promise<TextWindow>>()
  let last: Promise<unknown> = Promise.resolve()
  const read = (index: number): Promise<TextWindow> => {
    const before = known.get(index)
    if (before) return before
    const from = index * windowRows
    const to = Math.min(from + windowRows, table.rows)
    const reading = last.then(() => readWindow(engine, table, from, to))
    last = reading.catch(() => undefined)
    known.set(index, reading)
    return reading
  }
  return {
    window(row) {
      const index = Math.floor(row / windowRows)
      for (const other of known.keys()) if (Math.abs(other - index) > 1) known.delete(other)
      const wanted = read(index)
      if ((index + 1) * windowRows < table.rows) void read(index + 1)
      return wanted
    },
  }
}

async function readWindow(
  engine: Engine,
  { table, texts, codes }: TextTable,
  from: number,
  to: number,
): Promise<TextWindow> {
  const columns = [
    `concat(${texts.join(', ')}) AS text`,
    'rowid::INTEGER AS n0',
    ...[...texts.map((text) => `coalesce(strlen(${text}), 0)::INTEGER`), ...codes].map(
      (column, index) => `${column} AS n${index + 1}`,
    ),
  ]
  const lists = columns.slice(1).map((_column, index) => `list(n${index})`)
  let window: TextWindow | undefined
  // The limit keeps the rows in their order, which a filter alone would not: it is read by one thread.
  await engine.stream(
    `SELECT encode(string_agg(text, '')), ${lists.join(', ')}
     FROM (SELECT ${columns.join(', ')} FROM ${table} WHERE rowid >= ${from} LIMIT ${to - from})`,
    (chunk) => {
      const [rows, ...numbers] = lists.map((_list, index) => listed(chunk, index + 1))
      assertInOrder(rows, from, to)
      const bytes = blob(chunk, 0)
      const starts = startsOf(numbers.slice(0, texts.length), to - from)
      if (starts.at(-1) !== bytes.length) throw new Error('the engine gave texts of other lengths')
      // Copies: the vectors are gone with their chunk.
      const kept = numbers.slice(texts.length).map((items) => new Int32Array(items))
      window = { from, to, bytes, starts, codes: kept }
    },
  )
  if (!window) throw new Error(`the engine gave no rows of ${table} from ${from} to ${to}`)
  return window
}

/** A text that went to another row would be worse than no reports. */
function assertInOrder(rows: Column | undefined, from: number, to: number): void {
  let isInOrder = rows?.length === to - from
  for (let index = 0; isInOrder && index < to - from; index += 1) {
    if (rows?.[index] !== from + index) isInOrder = false
  }
  if (!isInOrder)
    throw new Error(`the engine gave other rows than ${from} to ${to}, or in disorder`)
}

function startsOf(lengths: readonly Column[], rows: number): Int32Array {
  const starts = new Int32Array(rows * lengths.length + 1)
  let end = 0
  for (let row = 0, text = 0; row < rows; row += 1) {
    for (const column of lengths) {
      end += column[row] as number
      text += 1
      starts[text] = end
    }
  }
  return starts
}

/** A text of a few bytes lies in the chunk itself, which will be gone. */
function blob(chunk: DuckDBDataChunk, index: number): Uint8Array {
  const vector = chunk.getColumnVector(index)
  const bytes = vector instanceof DuckDBBlobVector ? vector.getItemBytes(0) : null
  if (bytes === null) throw new TypeError(`Column ${index} is no BLOB.`)
  return bytes.length < 64 ? bytes.slice() : bytes
}

function listed(chunk: DuckDBDataChunk, index: number): Column {
  const vector = chunk.getColumnVector(index)
  const items = vector instanceof DuckDBListVector ? vector.getItemVector(0) : null
  if (items === null) throw new TypeError(`Column ${index} is no list.`)
  return itemsOf(items)
}
