import {
  type PurchaseColumns,
  type PurchaseFindings,
  type PurchaseKind,
  readPurchase,
} from '../inspect/inspect.ts'
import { compareTexts } from '../texts/texts.ts'
import { compareRead, type ReadAgain } from './read-again.ts'
import { orderRows } from './row-order.ts'

/**
 * Purchases in row order: by instant, amount, receipt, campaign key, then player, event, time, amount,
 * campaign, receipt and status as read.
 * @param cellsOf the cells of a row as read
 */
export function orderPurchases(
  { rows, kindNumbers, kinds }: Pick<PurchaseFindings, 'rows' | 'kindNumbers' | 'kinds'>,
  at: PurchaseColumns,
  cellsOf: ReadAgain,
): Int32Array {
  const { players, playerTexts } = rows
  const keys = campaignKeyRanks(kinds)
  const events = ranksOf(kinds.map(({ event }) => event))
  const kind = (row: number): number => kindNumbers[row] as number
  const player = (row: number): number => players[row] as number
  const read = (row: number) => readPurchase(at, cellsOf(row))
  const byText = (a: number, b: number): number => {
    const [one, two] = [read(a), read(b)]
    return (
      compareRead(one.player, two.player) ||
      compareRead(one.event, two.event) ||
      compareRead(one.time, two.time) ||
      compareRead(one.amount, two.amount) ||
      compareRead(one.campaign, two.campaign) ||
      compareRead(one.receipt, two.receipt) ||
      compareRead(one.status, two.status)
    )
  }
  return orderRows(rows, {
    first: (a, b) => (keys[kind(a)] as number) - (keys[kind(b)] as number),
    isAlike: (a, b) => player(a) === player(b) && kind(a) === kind(b),
    rest: rows.hasOddIds
      ? byText
      : (a, b) =>
          compareTexts(playerTexts, player(a), player(b)) ||
          (events[kind(a)] as number) - (events[kind(b)] as number) ||
          byText(a, b),
  })
}

/** By kind: the place of its campaign key among all of them in order. */
export const campaignKeyRanks = (kinds: readonly PurchaseKind[]): Int32Array =>
  ranksOf(kinds.map(({ campaignKey }) => campaignKey))

/** The place of each text among all of them in order. */
function ranksOf(texts: readonly string[]): Int32Array {
  const ranks = new Map([...new Set(texts)].sort(compareRead).map((text, rank) => [text, rank]))
  return Int32Array.from(texts, (text) => ranks.get(text) ?? 0)
}
