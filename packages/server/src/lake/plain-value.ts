import {
  DuckDBDecimalValue,
  DuckDBListValue,
  DuckDBMapValue,
  DuckDBStructValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  type DuckDBValue,
} from '@duckdb/node-api'

/** A value as JSON has it. */
export type Plain =
  | null
  | boolean
  | number
  | string
  | readonly Plain[]
  | { readonly [name: string]: Plain }

/** An instant is RFC 3339 in UTC; a whole number that JSON readers would round is text. */
export function plainValue(value: DuckDBValue): Plain {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value)
  if (typeof value === 'bigint') {
    const isSafe = value <= Number.MAX_SAFE_INTEGER && value >= Number.MIN_SAFE_INTEGER
    return isSafe ? Number(value) : String(value)
  }
  if (value instanceof DuckDBDecimalValue) return value.toString()
  if (value instanceof DuckDBTimestampTZValue || value instanceof DuckDBTimestampValue) {
    return instantText(value.micros)
  }
  if (value instanceof DuckDBListValue) return value.items.map(plainValue)
  if (value instanceof DuckDBStructValue) {
    return Object.fromEntries(
      Object.entries(value.entries).map(([name, inner]) => [name, plainValue(inner)]),
    )
  }
  if (value instanceof DuckDBMapValue) {
    return value.entries.map(({ key, value: inner }) => [plainValue(key), plainValue(inner)])
  }
  return String(value)
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
