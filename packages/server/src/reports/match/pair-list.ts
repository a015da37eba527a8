/** A growing list of pairs of rows, in two typed arrays of which only the first `length` count. */
export type PairList = {
  purchases: Int32Array
  confirmations: Int32Array
  length: number
}

/** An empty list with room for that many pairs before it grows. */
export function createPairList(room = 1_024): PairList {
  return { purchases: new Int32Array(room), confirmations: new Int32Array(room), length: 0 }
}

/** Adds one pair; growing doubles the room, so the cost of a pair stays the same. */
export function addPair(pairs: PairList, purchase: number, confirmation: number): void {
  if (pairs.length === pairs.purchases.length) {
    pairs.purchases = grown(pairs.purchases)
    pairs.confirmations = grown(pairs.confirmations)
  }
  pairs.purchases[pairs.length] = purchase
  pairs.confirmations[pairs.length] = confirmation
  pairs.length++
}

function grown(from: Int32Array): Int32Array {
  const to = new Int32Array(from.length * 2 + 16)
  to.set(from)
  return to
}
