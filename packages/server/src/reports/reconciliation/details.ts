import { MARK } from '../clean/clean.ts'
import { createInt32s } from '../texts/texts.ts'
import type { Matches, Sides } from './matches.ts'

/**
 * What each detail is of, in the order of the file: a purchase by its rank, a confirmation that is
 * no purchase's by −1 − its rank.
 */
export type DetailOrder = Int32Array

/**
 * Details are sorted by instant, then type (`af_only`, `confirmed_only`, `matched`), then row order.
 * Both sides are in order of instant already, so one pass over both does it.
 * @param count how many details there are
 */
export function orderDetails(sides: Sides, matches: Matches, count: number): DetailOrder {
  const { purchases, confirmations, purchaseMarks, confirmationMarks } = sides
  const order = createInt32s(count)
  let place = 0
  let ours = 0
  let theirs = 0
  const isKept = (rank: number): boolean => ((purchaseMarks[rank] as number) & MARK.duplicate) === 0
  const isOnly = (rank: number): boolean =>
    ((confirmationMarks[rank] as number) & MARK.duplicate) === 0 && matches.taken[rank] === 0
  const placePurchases = (from: number, to: number, areMatched: boolean): void => {
    for (let rank = from; rank < to; rank += 1) {
      const isMatched = (matches.confirmations[rank] as number) >= 0
      if (isKept(rank) && isMatched === areMatched) order[place++] = rank
    }
  }
  while (ours < purchases.count || theirs < confirmations.count) {
    const instant = Math.min(
      purchases.instants[ours] ?? Number.POSITIVE_INFINITY,
      confirmations.instants[theirs] ?? Number.POSITIVE_INFINITY,
    )
    const from = ours
    while (ours < purchases.count && purchases.instants[ours] === instant) ours += 1
    placePurchases(from, ours, false)
    for (
      ;
      theirs < confirmations.count && confirmations.instants[theirs] === instant;
      theirs += 1
    ) {
      if (isOnly(theirs)) order[place++] = -1 - theirs
    }
    placePurchases(from, ours, true)
  }
  if (place !== count) throw new Error(`${place} details in place of ${count}`)
  return order
}
