import {
  DOUBLE,
  DuckDBDataChunk,
  DuckDBDoubleVector,
  DuckDBIntegerVector,
  DuckDBUBigIntVector,
  DuckDBUTinyIntVector,
  type DuckDBVector,
  INTEGER,
  UTINYINT,
} from '@duckdb/node-api'
import type { Engine } from './duckdb.ts'

/** A column on this side: bytes, 32-bit integers, or doubles, which hold integers up to 2^53. */
export type Column = Uint8Array | Int32Array | Float64Array

/**
 * The library keeps a vector's numbers as a typed array and declares it private; read one by one each
 * would be a bigint or a checked number. The version is pinned, and without this member nothing here works.
 */
const ITEMS = 'items'

const CHUNK_ROWS = 2_048

const duckDbType = (column: Column | Gathered) =>
  column instanceof Uint8Array ? UTINYINT : column instanceof Int32Array ? INTEGER : DOUBLE

const lengthOf = (column: Column | Gathered | undefined): number =>
  column === undefined ? 0 : ArrayBuffer.isView(column) ? column.length : column.at.length

/**
 * The numbers of one column of a chunk, valid until the next chunk comes. NULL reads as any number:
 * a query says what stands for it.
 */
export function numbers(chunk: DuckDBDataChunk, index: number): Column {
  return itemsOf(chunk.getColumnVector(index))
}

export function itemsOf(vector: DuckDBVector): Column {
  if (vector instanceof DuckDBDoubleVector) return vector[ITEMS]
  if (vector instanceof DuckDBIntegerVector) return vector[ITEMS]
  if (vector instanceof DuckDBUTinyIntVector) return vector[ITEMS]
  throw new TypeError(`${vector.type} is no DOUBLE, INTEGER or UTINYINT.`)
}

/** A column of 64-bit hashes as pairs of 32-bit integers, valid until the next chunk comes. */
export function hashes(chunk: DuckDBDataChunk, index: number): Int32Array {
  const vector = chunk.getColumnVector(index)
  if (!(vector instanceof DuckDBUBigIntVector))
    throw new TypeError(`Column ${index} is no UBIGINT.`)
  const { buffer, byteOffset, length } = vector[ITEMS]
  return new Int32Array(buffer, byteOffset, length * 2)
}

/** The values of another column at the places `at`, −1 where a place is −1; never made as a whole. */
export type Gathered = { readonly values: Float64Array; readonly at: Int32Array }

/** Appends columns of one length to `table`, whose columns have the same order and types. */
export async function appendColumns(
  engine: Engine,
  table: string,
  columns: readonly (Column | Gathered)[],
): Promise<void> {
  const appender = await engine.appender(table)
  const types = columns.map(duckDbType)
  const rows = lengthOf(columns[0])
  for (let from = 0; from < rows; from += CHUNK_ROWS) {
    const to = Math.min(from + CHUNK_ROWS, rows)
    const chunk = DuckDBDataChunk.create(types, to - from)
    columns.forEach((column, index) => {
      const vector = chunk.getColumnVector(index)
      fill(numbers(chunk, index), column, from, to)
      vector.flush()
    })
    appender.appendDataChunk(chunk)
  }
  appender.closeSync()
}

function fill(into: Column, column: Column | Gathered, from: number, to: number): void {
  if (ArrayBuffer.isView(column)) {
    into.set(column.subarray(from, to))
    return
  }
  const { values, at } = column
  for (let row = from; row < to; row += 1) {
    const place = at[row] as number
    into[row - from] = place < 0 ? -1 : (values[place] as number)
  }
}
