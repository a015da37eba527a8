/** Positions of a pair in the two lists. */
export type Pair = readonly [left: number, right: number]

type Alignment = {
  readonly distance: bigint
  readonly pairs: readonly Pair[]
}

/**
 * Of all one-to-one matchings of two sorted lists the one with the most pairs, then the least sum of
 * distances, then the lexicographically smallest list of pairs. It looks at matchings that do not
 * cross, which is enough: uncrossing two pairs never makes either criterion worse.
 */
export function align(
  left: readonly bigint[],
  right: readonly bigint[],
  distanceMax: bigint | undefined,
): readonly Pair[] {
  // best[i][j] is the best alignment of left from i on and right from j on.
  const best: Alignment[][] = []
  const bestAt = (i: number, j: number): Alignment => best[i]?.[j] ?? { distance: 0n, pairs: [] }
  for (let i = left.length - 1; i >= 0; i -= 1) {
    best[i] = []
    for (let j = right.length - 1; j >= 0; j -= 1) {
      const choices = [bestAt(i + 1, j), bestAt(i, j + 1)]
      const distance = apart(left[i] ?? 0n, right[j] ?? 0n)
      if (distanceMax === undefined || distance <= distanceMax) {
        const rest = bestAt(i + 1, j + 1)
        choices.push({ distance: distance + rest.distance, pairs: [[i, j], ...rest.pairs] })
      }
      const row = best[i] ?? []
      row[j] = choices.reduce((a, b) => (isBetter(b, a) ? b : a))
    }
  }
  return bestAt(0, 0).pairs
}

export function isBetter(a: Alignment, b: Alignment): boolean {
  if (a.pairs.length !== b.pairs.length) return a.pairs.length > b.pairs.length
  if (a.distance !== b.distance) return a.distance < b.distance
  const flatA = a.pairs.flat()
  const flatB = b.pairs.flat()
  const at = flatA.findIndex((rank, index) => rank !== flatB[index])
  return at !== -1 && (flatA[at] ?? 0) < (flatB[at] ?? 0)
}

const apart = (a: bigint, b: bigint): bigint => (a < b ? b - a : a - b)
