import type { RejectedRow } from '../runs/runs.ts'
import { isWithoutRate } from './confirmations.ts'
import { DERIVED } from './derive-files.ts'

const DERIVED_NAMES: ReadonlySet<string> = new Set(Object.values(DERIVED))

/**
 * A row of a derived file, which nobody has, bears its offset in the log in the place of a line, and
 * an amount that cannot be turned into dollars yet its own reason.
 */
export function describeRejected(file: string, row: RejectedRow): RejectedRow {
  const [, offset] = /^(\d+),/.exec(row.raw) ?? []
  if (offset === undefined || !DERIVED_NAMES.has(file)) return row
  const isUnpriced =
    file === DERIVED.confirmations && row.reason === 'unreadable-money' && isWithoutRate(row.raw)
  const reason = isUnpriced ? 'currency-without-rate' : row.reason
  return { ...row, line: Number(offset), reason }
}
