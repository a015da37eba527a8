/** A quotient of integers that is never rounded; what is below the line is positive. */
export type Fraction = readonly [above: bigint, below: bigint]

export const isLess = ([a, b]: Fraction, [c, d]: Fraction): boolean => a * d < c * b

export const times = ([above, below]: Fraction, factor: bigint): Fraction => [above * factor, below]

/** The mean, null of nothing. */
export function meanOf(fractions: readonly Fraction[]): Fraction | null {
  if (fractions.length === 0) return null
  const [above, below] = fractions.reduce(([a, b], [c, d]) => [a * d + c * b, b * d] as const)
  return [above, below * BigInt(fractions.length)]
}
