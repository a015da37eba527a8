import type { ConfirmationColumns, SaleRows } from '../inspect/inspect.ts'
import { compareTexts } from '../texts/texts.ts'
import { compareRead, type ReadAgain } from './read-again.ts'
import { orderRows } from './row-order.ts'

/**
 * Confirmations in row order: by instant, amount, receipt and player as read.
 * @param cellsOf the cells of a row as read
 */
export function orderConfirmations(
  rows: SaleRows,
  at: ConfirmationColumns,
  cellsOf: ReadAgain,
): Int32Array {
  const { players, playerTexts } = rows
  const player = (row: number): number => players[row] as number
  const asRead = (row: number): string => cellsOf(row)[at.player] ?? ''
  return orderRows(rows, {
    first: () => 0,
    isAlike: (a, b) => player(a) === player(b),
    rest: rows.hasOddIds
      ? (a, b) => compareRead(asRead(a), asRead(b))
      : (a, b) => compareTexts(playerTexts, player(a), player(b)),
  })
}
