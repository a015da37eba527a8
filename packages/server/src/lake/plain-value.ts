import type { DuckDBValue } from '@duckdb/node-api'
import type { DuckDb } from './engine.ts'

/** A value as JSON has it. */
export type Plain =
  | null
  | boolean
  | number
  | string
  | readonly Plain[]
  | { readonly [name: string]: Plain }

/** An instant is RFC 3339 in UTC; a whole number that JSON readers would round is text. */
export function plainValues(duckDb: DuckDb): (value: DuckDBValue) => Plain {
  const { DuckDBListValue, DuckDBMapValue, DuckDBStructValue } = duckDb
  const { DuckDBTimestampTZValue, DuckDBTimestampValue } = duckDb
  const plain = (value: DuckDBValue): Plain => {
    if (value === null || typeof value === 'boolean' || typeof value === 'string') return value
    if (typeof value === 'number') return Number.isFinite(value) ? value : String(value)
    if (typeof value === 'bigint') {
      const isSafe = value <= Number.MAX_SAFE_INTEGER && value >= Number.MIN_SAFE_INTEGER
      return isSafe ? Number(value) : String(value)
    }
    if (value instanceof DuckDBTimestampTZValue || value instanceof DuckDBTimestampValue) {
      return instantText(value.micros)
    }
    if (value instanceof DuckDBListValue) return value.items.map(plain)
    if (value instanceof DuckDBStructValue) {
      const entries = Object.entries(value.entries)
      return Object.fromEntries(entries.map(([name, inner]) => [name, plain(inner)]))
    }
    if (value instanceof DuckDBMapValue) {
      return value.entries.map(({ key, value: inner }) => [plain(key), plain(inner)])
    }
    return String(value)
  }
  return plain
}

const MILLIS_MAX = 8_640_000_000_000_000

/** With milliseconds, or more digits where there are more. */
function instantText(micros: bigint): string {
  const millis = Number(micros / 1_000n)
  if (Math.abs(millis) > MILLIS_MAX) return String(micros)
  const rest = Number(micros % 1_000n)
  const text = new Date(rest < 0 ? millis - 1 : millis).toISOString()
  return rest === 0
    ? text
    : text.replace('Z', `${String((rest + 1_000) % 1_000).padStart(3, '0')}Z`)
}
