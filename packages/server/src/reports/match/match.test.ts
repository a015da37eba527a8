import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { narrowBand, setBand } from './band.ts'
import { createAligner, createPairList, type PairList } from './match.ts'
import { bandCells, bestValue, traceBest } from './sweep.ts'
import { createWorkspace, reserve } from './workspace.ts'

type Pairs = readonly (readonly [number, number])[]

const listed = (pairs: PairList): Pairs =>
  Array.from({ length: pairs.length }, (_, k) => [
    pairs.purchases[k] ?? -1,
    pairs.confirmations[k] ?? -1,
  ])

const aligner = createAligner()
/** Room for one pair, so that lists grow in nearly every test. */
function align(
  purchases: readonly number[],
  confirmations: readonly number[],
  window: number,
): Pairs {
  const out = createPairList(1)
  aligner.alignPairs(Float64Array.from(purchases), Float64Array.from(confirmations), window, out)
  return listed(out)
}

/** Every matching, crossing ones too: the most pairs, the least sum, the smallest list. */
function bruteForce(
  purchases: readonly number[],
  confirmations: readonly number[],
  window: number,
): Pairs {
  let best: { readonly pairs: Pairs; readonly sum: number } = { pairs: [], sum: 0 }
  const visit = (i: number, pairs: Pairs, sum: number, used: ReadonlySet<number>): void => {
    if (i === purchases.length) {
      const more = pairs.length - best.pairs.length || best.sum - sum || order(best.pairs, pairs)
      if (more > 0) best = { pairs, sum }
      return
    }
    visit(i + 1, pairs, sum, used)
    confirmations.forEach((confirmation, j) => {
      const distance = Math.abs((purchases[i] ?? 0) - confirmation)
      if (distance <= window && !used.has(j))
        visit(i + 1, [...pairs, [i, j]], sum + distance, new Set([...used, j]))
    })
  }
  visit(0, [], 0, new Set())
  return best.pairs
}

/** Below zero if `a` is the smaller list. */
function order(a: Pairs, b: Pairs): number {
  const flat = b.flat()
  return a.flat().reduce((found, value, k) => found || value - (flat[k] ?? -1), 0)
}

const ascending = (values: readonly number[]) => values.toSorted((a, b) => a - b)
const instants = (max: number, maxLength: number) =>
  fc.array(fc.nat(max), { maxLength }).map(ascending)

describe('alignPairs', () => {
  it.each<[string, number[], number[], number, Pairs]>([
    ['nothing', [], [], 10, []],
    ['one side', [1, 2], [], 10, []],
    ['one pair', [5], [15], 10, [[0, 0]]],
    ['a pair beyond the window', [5], [16], 10, []],
    ['a pair the other way', [15], [5], 10, [[0, 0]]],
    ['the nearest of several', [5], [0, 4, 6], 10, [[0, 1]]],
    ['the first of several purchases', [4, 4, 6], [5], 10, [[0, 0]]],
    [
      'a chain where the nearest costs a pair',
      [0, 10],
      [9, 20],
      10,
      [
        [0, 0],
        [1, 1],
      ],
    ],
    [
      'a chain the other way',
      [9, 20],
      [0, 10],
      10,
      [
        [0, 0],
        [1, 1],
      ],
    ],
    [
      'fewer confirmations in one instant',
      [3, 3, 3],
      [3, 3],
      10,
      [
        [0, 0],
        [1, 1],
      ],
    ],
    ['equal sums by the smaller purchase', [0, 2], [1], 10, [[0, 0]]],
    ['equal sums by the smaller confirmation', [1], [0, 2], 10, [[0, 0]]],
    [
      'two parts',
      [0, 100],
      [1, 99],
      10,
      [
        [0, 0],
        [1, 1],
      ],
    ],
    ['any distance', [0], [1e15], Infinity, [[0, 0]]],
  ])('pairs %s', (_name, purchases, confirmations, window, pairs) =>
    expect(align(purchases, confirmations, window)).toEqual(pairs),
  )

  it.each([
    ['with many ties', 6, 4],
    ['with chains', 30, 7],
    ['with gaps', 100, 10],
    ['without a window', 12, Infinity],
  ])('finds the one best alignment of all %s', (_name, max, window) => {
    fc.assert(
      fc.property(instants(max, 6), instants(max, 6), (purchases, confirmations) => {
        expect(align(purchases, confirmations, window)).toEqual(
          bruteForce(purchases, confirmations, window),
        )
      }),
      { numRuns: 5_000 },
    )
  })

  it('keeps a microsecond among distances of centuries', () => {
    const century = 3_155_760_000_000_000
    const purchases = Array.from({ length: 9 }, (_, i) => i)
    const confirmations = [2 * century, ...Array.from({ length: 9 }, (_, i) => 2 * century + i + 1)]
    // The last confirmation is the furthest by one microsecond in 5 * 10^16.
    expect(align(purchases, confirmations, Infinity)).toEqual(purchases.map((i) => [i, i]))
  })
})

describe('a large group', () => {
  /** Instants of `rows` rows at random in `span`; a linear congruence, so the same on each run. */
  const scattered = (rows: number, span: number, step: number, seed: number): Float64Array => {
    let state = seed
    return Float64Array.from({ length: rows }, () => {
      state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
      return Math.floor(((state / 2_147_483_648) * span) / step) * step
    }).sort()
  }
  const whole = (purchases: Float64Array, confirmations: Float64Array, window: number) => {
    const [n, m] = [purchases.length, confirmations.length]
    const space = createWorkspace()
    reserve(space, n, m)
    space.purchases.set(purchases)
    space.confirmations.set(confirmations)
    const most = setBand(space, n, m, window)
    const value = bestValue(space, n, m)
    const pairs = createPairList()
    traceBest(space, n, m, { pairs, firstPurchase: 0, firstConfirmation: 0 })
    return { most, value, pairs: listed(pairs), space }
  }

  it.each([
    ['random instants', 3_000, 2_500, 600_000_000, 1],
    ['whole seconds', 3_000, 2_600, 600_000_000, 1_000_000],
    ['whole minutes', 3_000, 2_700, 3_600_000_000, 60_000_000],
    ['the same instant', 2_000, 1_000, 1, 1],
    ['more confirmations', 2_000, 3_000, 600_000_000, 1_000],
    ['an hour', 3_000, 3_000, 3_600_000_000, 1_000],
    ['days, with rows alone on both sides', 2_000, 1_900, 240_000_000_000, 1_000],
  ])('of %s is aligned in a narrow band as in the whole one', (_name, n, m, span, step) => {
    for (const seed of [1, 2, 3]) {
      const purchases = scattered(n, span, step, seed)
      const confirmations = scattered(m, span, step, seed + 100)
      const { most, value, pairs, space } = whole(purchases, confirmations, 600_000_000)
      narrowBand(space, n, m, most)
      expect(bestValue(space, n, m)).toEqual(value)
      // In blocks of a few rows, each swept again from the values at its end.
      const out = createPairList()
      traceBest(space, n, m, { pairs: out, firstPurchase: 0, firstConfirmation: 0 }, 1)
      expect(listed(out)).toEqual(pairs)
      expect(value.count).toBe(most)
      const apart = pairs.map(([p, c]) => Math.abs((purchases[p] ?? 0) - (confirmations[c] ?? 0)))
      expect(apart.reduce((sum, distance) => sum + distance, 0)).toBe(value.sum)
      expect(pairs.length).toBe(most)
    }
  })

  it('is aligned in the narrow band as in the whole one, at any size', () => {
    const sized = (max: number) => instants(max, 14)
    const inputs = fc.constantFrom(3, 10, 40, 200).chain((max) => fc.tuple(sized(max), sized(max)))
    fc.assert(
      fc.property(inputs, fc.constantFrom(5, 30, 300), ([left, right], window) => {
        const [purchases, confirmations] = [Float64Array.from(left), Float64Array.from(right)]
        if (left.length === 0 || right.length === 0) return
        const { most, pairs, space } = whole(purchases, confirmations, window)
        setBand(space, left.length, right.length, window)
        const always = { cellsMin: 0, carryFirst: 1, trialShareMax: 1 }
        narrowBand(space, left.length, right.length, most, always)
        const out = createPairList()
        const target = { pairs: out, firstPurchase: 0, firstConfirmation: 0 }
        traceBest(space, left.length, right.length, target, 1)
        expect(listed(out)).toEqual(pairs)
      }),
      { numRuns: 5_000 },
    )
  })

  it('of random instants within the window has a band far narrower than the window', () => {
    const { space, most } = whole(
      scattered(4_000, 600_000_000, 1, 7),
      scattered(3_000, 600_000_000, 1, 8),
      600_000_000,
    )
    const before = bandCells(space, 4_000)
    narrowBand(space, 4_000, 3_000, most)
    expect(bandCells(space, 4_000)).toBeLessThan(before / 5)
  })

  it('of 20,000 rows within the window takes no matrix', () => {
    const purchases = Array.from({ length: 20_000 }, (_, i) => i * 7)
    const confirmations = Array.from({ length: 16_000 }, (_, i) => i * 9 + 3)
    expect(align(purchases, confirmations, 600_000_000)).toHaveLength(16_000)
  })
})
