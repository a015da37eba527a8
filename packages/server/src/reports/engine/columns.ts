import {
  DuckDBDoubleVector,
  DuckDBIntegerVector,
  DuckDBUTinyIntVector,
  type DuckDBVector,
} from '@duckdb/node-api'

/** A column on this side: bytes, 32-bit integers, or doubles, which hold integers up to 2^53. */
export type Column = Uint8Array | Int32Array | Float64Array

/**
 * The library keeps a vector's numbers as a typed array and declares it private; read one by one each
 * would be a bigint or a checked number. The version is pinned, and without this member nothing here works.
 */
const ITEMS = 'items'

/** The numbers of a vector, valid until the next chunk comes. NULL reads as any number. */
export function itemsOf(vector: DuckDBVector): Column {
  if (vector instanceof DuckDBDoubleVector) return vector[ITEMS]
  if (vector instanceof DuckDBIntegerVector) return vector[ITEMS]
  if (vector instanceof DuckDBUTinyIntVector) return vector[ITEMS]
  throw new TypeError(`${vector.type} is no DOUBLE, INTEGER or UTINYINT.`)
}
