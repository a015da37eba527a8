import { createBytes } from '../texts/texts.ts'
import type { PurchaseRows, Rows } from './rows.ts'

/** What is said of each row by rank: 0 for a kept row without a flag. */
export const MARK = { duplicate: 1, campaignDiffers: 2, duplicateReceipt: 4 } as const

/** Rule 2 on purchases, all of them. */
export function markPurchases(rows: PurchaseRows): Uint8Array {
  const marks = markDuplicates(rows)
  markSharedReceipts(rows, marks)
  return marks
}

/**
 * The same without the flag that compares players. Duplicates agree in instant and amount, so they stand in one run of the row
 * order; within it the rows of one player and event follow each other with their receipts grouped
 * and those without receipt last.
 */
export function markDuplicates(rows: PurchaseRows): Uint8Array {
  const marks = createBytes(rows.count)
  const isAf = (rank: number): number => rows.isAf[rows.kinds[rank] as number] as number
  const key = (rank: number) => rows.campaignKeys[rows.kinds[rank] as number]
  const isSame = (a: number, b: number): boolean =>
    rows.players[a] === rows.players[b] && isAf(a) === isAf(b)
  const byGroup = (a: number, b: number): number =>
    (rows.players[a] as number) - (rows.players[b] as number) || isAf(a) - isAf(b) || a - b
  visitRuns(rows, (run) => {
    let first = -1
    let last = -1
    for (const rank of sortedRun(run, byGroup)) {
      if (first === -1 || !isSame(first, rank)) {
        first = rank
        last = rank
        continue
      }
      const original = isReceiptless(rows, rank) ? first : last
      if (isReceiptless(rows, rank) || hasSameReceipt(rows, rank, last)) {
        marks[rank] = MARK.duplicate
        if (key(rank) !== key(original)) {
          marks[original] = (marks[original] as number) | MARK.campaignDiffers
        }
      } else {
        last = rank
      }
    }
  })
  return marks
}

/** Confirmations that agree in player, instant, amount and receipt are one. */
export function markConfirmations(rows: Rows): Uint8Array {
  const marks = createBytes(rows.count)
  const byPlayer = (a: number, b: number): number =>
    (rows.players[a] as number) - (rows.players[b] as number) || a - b
  visitRuns(rows, (run) => {
    let last = -1
    for (const rank of sortedRun(run, byPlayer)) {
      const isSame =
        last !== -1 && rows.players[last] === rows.players[rank] && hasSameReceipt(rows, last, rank)
      if (isSame) marks[rank] = MARK.duplicate
      else last = rank
    }
  })
  return marks
}

type Run = { readonly from: number; readonly to: number }

/** Visits each run of two or more rows with the same instant and amount. */
function visitRuns({ count, instants, micros }: Rows, visit: (run: Run) => void): void {
  for (let from = 0, to = 1; to <= count; to += 1) {
    const goesOn = to < count && instants[to] === instants[from] && micros[to] === micros[from]
    if (goesOn) continue
    if (to - from > 1) visit({ from, to })
    from = to
  }
}

const sortedRun = ({ from, to }: Run, compare: (a: number, b: number) => number): Int32Array =>
  Int32Array.from({ length: to - from }, (_value, index) => from + index).sort(compare)

const isReceiptless = ({ receipts }: Rows, rank: number): boolean =>
  receipts[rank * 2] === 0 && receipts[rank * 2 + 1] === 0

const hasSameReceipt = ({ receipts }: Rows, a: number, b: number): boolean =>
  receipts[a * 2] === receipts[b * 2] && receipts[a * 2 + 1] === receipts[b * 2 + 1]

/** Marks every kept row of a receipt that several kept rows have, of one player or more. */
function markSharedReceipts(rows: Rows, marks: Uint8Array): void {
  const mask = 2 ** Math.ceil(Math.log2(rows.count * 1.25 + 2)) - 1
  const slots = new Int32Array(mask + 1)
  for (let rank = 0; rank < rows.count; rank += 1) {
    if ((marks[rank] as number) & MARK.duplicate || isReceiptless(rows, rank)) continue
    let slot = (rows.receipts[rank * 2] as number) & mask
    while (slots[slot] !== 0 && !hasSameReceipt(rows, (slots[slot] as number) - 1, rank)) {
      slot = (slot + 1) & mask
    }
    if (slots[slot] === 0) {
      slots[slot] = rank + 1
      continue
    }
    const first = (slots[slot] as number) - 1
    marks[first] = (marks[first] as number) | MARK.duplicateReceipt
    marks[rank] = (marks[rank] as number) | MARK.duplicateReceipt
  }
}
