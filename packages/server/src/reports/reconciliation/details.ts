import { MARK } from '../clean/clean.ts'
import type { Matches, Sides } from './matches.ts'

/** The place of each row in the list of details, −1 for rows that have none of their own. */
export type DetailOrder = {
  readonly purchases: Int32Array
  readonly confirmations: Int32Array
  readonly count: number
}

/**
 * Details are sorted by instant, then type (`af_only`, `confirmed_only`, `matched`), then row order.
 * Both sides are in order of instant already, so one pass over both does it.
 */
export function orderDetails(sides: Sides, matches: Matches): DetailOrder {
  const { purchases, confirmations, purchaseMarks, confirmationMarks } = sides
  const places = new Int32Array(purchases.count).fill(-1)
  const otherPlaces = new Int32Array(confirmations.count).fill(-1)
  let place = 0
  let ours = 0
  let theirs = 0
  const isKept = (rank: number): boolean => ((purchaseMarks[rank] as number) & MARK.duplicate) === 0
  const isOnly = (rank: number): boolean =>
    ((confirmationMarks[rank] as number) & MARK.duplicate) === 0 && matches.taken[rank] === 0
  const placePurchases = (from: number, to: number, areMatched: boolean): void => {
    for (let rank = from; rank < to; rank += 1) {
      const isMatched = (matches.confirmations[rank] as number) >= 0
      if (isKept(rank) && isMatched === areMatched) places[rank] = place++
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
      if (isOnly(theirs)) otherPlaces[theirs] = place++
    }
    placePurchases(from, ours, true)
  }
  return { purchases: places, confirmations: otherPlaces, count: place }
}
