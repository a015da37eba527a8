/** A sum that stays exact: a number while that is, then a bigint. */
export type Sum = number | bigint

export function plus(a: Sum, b: Sum): Sum {
  if (typeof a === 'number' && typeof b === 'number') {
    const sum = a + b
    if (Number.isSafeInteger(sum)) return sum
  }
  return fromBig(BigInt(a) + BigInt(b))
}

export const minus = (a: Sum): Sum => (typeof a === 'number' ? -a : fromBig(-a))

/** Of the text of an integer. */
export function parseSum(text: string): Sum {
  const number = Number(text)
  return Number.isSafeInteger(number) ? number : BigInt(text)
}

/** As a statement takes it: both databases read the text of an integer into a column of integers as one. */
export const toSql = (sum: Sum): number | string => (typeof sum === 'number' ? sum : String(sum))

function fromBig(sum: bigint): Sum {
  const number = Number(sum)
  return Number.isSafeInteger(number) ? number : sum
}
