import type { JS } from '@duckdb/node-api'

/** A value of an INTEGER column. */
export function integer(value: JS | undefined): number {
  if (typeof value === 'number') return value
  throw new TypeError(`No integer: ${String(value)}`)
}

/** A value of a BIGINT or HUGEINT column. */
export function bigInteger(value: JS | undefined): bigint {
  if (typeof value === 'bigint') return value
  throw new TypeError(`No big integer: ${String(value)}`)
}
