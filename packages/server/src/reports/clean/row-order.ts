import type { SaleRows } from '../inspect/inspect.ts'
import { compareTexts, createInt32s } from '../texts/texts.ts'
import { orderInstants } from './order-instants.ts'

type Compare = (a: number, b: number) => number

/** What orders rows beyond instant, amount and receipt. */
export type LastColumns = {
  /** Cheap, and asked of all rows that are equal so far. */
  readonly first: Compare
  /** Rows for which this says the same are interchangeable, and not compared further. */
  isAlike(a: number, b: number): boolean
  /** The rest of the order, of rows of which some are not alike. */
  readonly rest: Compare
}

/**
 * The rows in the one row order that no file decides: by instant, amount, receipt (empty last) and what
 * else is said. The row of each rank.
 */
export function orderRows(rows: SaleRows, last: LastColumns): Int32Array {
  const { instants, micros, receiptTexts } = rows
  const order = orderInstants(instants, rows.count)
  const compare: Compare = (a, b) =>
    (micros[a] as number) - (micros[b] as number) ||
    compareTexts(receiptTexts, a, b) ||
    last.first(a, b)
  const isSameInstant: Compare = (a, b) => (instants[a] as number) - (instants[b] as number)
  visitRuns(order, 0, order.length, isSameInstant, (from, to) => {
    sortRun(order, from, to, compare)
    visitRuns(order, from, to, compare, (first, end) => {
      const isAnyOther = order
        .subarray(first + 1, end)
        .some((row) => !last.isAlike(order[first] as number, row))
      if (isAnyOther) sortRun(order, first, end, last.rest)
    })
  })
  const shared = createInt32s(order.length)
  shared.set(order)
  return shared
}

/** Visits each run of two or more rows between `from` and `to` that compare as equal. */
function visitRuns(
  order: Int32Array,
  from: number,
  to: number,
  compare: Compare,
  visit: (from: number, to: number) => void,
): void {
  for (let start = from, end = from + 1; end <= to; end += 1) {
    if (end < to && compare(order[start] as number, order[end] as number) === 0) continue
    if (end - start > 1) visit(start, end)
    start = end
  }
}

/** Most runs are a handful of rows, for which nothing beats insertion. */
const INSERTION_MAX = 32

function sortRun(order: Int32Array, from: number, to: number, compare: Compare): void {
  if (to - from > INSERTION_MAX) {
    order.subarray(from, to).sort(compare)
    return
  }
  for (let i = from + 1; i < to; i += 1) {
    const row = order[i] as number
    let at = i
    while (at > from && compare(order[at - 1] as number, row) > 0) {
      order[at] = order[at - 1] as number
      at -= 1
    }
    order[at] = row
  }
}
