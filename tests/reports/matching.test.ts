import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { aConfirmation, aPurchase, inputFiles } from './input-builders.ts'
import { align, isBetter, type Pair } from './recomputation/alignment.ts'
import { recompute } from './recomputation/recomputation.ts'

const NOON_MS = Date.UTC(2026, 2, 10, 12)

/** A purchase of P1, that many microseconds after noon. */
const bought = (microseconds: number, receipt = '') =>
  aPurchase({ event_time_utc: time(microseconds), receipt_id: receipt })
const confirmed = (microseconds: number, receipt = '') =>
  aConfirmation({ event_time_utc: time(microseconds), receipt_id: receipt })

function time(microseconds: number): string {
  const seconds = Math.floor(microseconds / 1_000_000)
  const fraction = String(microseconds - seconds * 1_000_000).padStart(6, '0')
  return `${new Date(NOON_MS + seconds * 1_000).toISOString().slice(0, 19)}.${fraction}Z`
}

/** Each detail in short: type, rule, seconds apart, flags. */
function details(
  purchases: readonly ReturnType<typeof aPurchase>[],
  confirmations: readonly ReturnType<typeof aConfirmation>[],
  junkReceiptRows?: number,
): string[] {
  const input = inputFiles({ purchases, confirmations })
  const { files } = recompute(input, { today: '2026-03-11', junkReceiptRows })
  const parsed: { details: Record<string, unknown>[] } = JSON.parse(files['reconciliation.json'])
  return parsed.details.map(
    ({ type, rule, seconds_apart, flags }) => `${type} ${rule} ${seconds_apart} [${flags}]`,
  )
}

describe('the match in time', () => {
  it('reaches ten minutes to the microsecond, either way', () => {
    expect(details([bought(0)], [confirmed(600_000_000)])).toEqual(['matched time 600 []'])
    expect(details([bought(0)], [confirmed(-600_000_000)])).toEqual(['matched time -600 []'])
    expect(details([bought(0)], [confirmed(599_999_999)])).toEqual(['matched time 599.999999 []'])
    expect(details([bought(0)], [confirmed(600_000_001)])).toEqual([
      'af_only null null []',
      'confirmed_only null null []',
    ])
  })

  it('finds two pairs where the nearest first would find one', () => {
    // The one at 1 s is the nearest to both purchases; had the first got it, the other confirmation
    // would be 601 s away from the second.
    expect(
      details([bought(0), bought(2_000_000)], [confirmed(-599_000_000), confirmed(1_000_000)]),
    ).toEqual(['matched time -599 []', 'matched time -1 []'])
  })

  it('takes the least sum of distances among the most pairs', () => {
    // 100 with 90 costs 10; 100 with 120 would cost 20.
    expect(details([bought(100)], [confirmed(90), confirmed(120)])).toEqual([
      'matched time -0.00001 []',
      'confirmed_only null null []',
    ])
  })

  it('takes the first in row order where distances are the same', () => {
    expect(details([bought(100)], [confirmed(90), confirmed(110)])).toEqual([
      'matched time -0.00001 []',
      'confirmed_only null null []',
    ])
    expect(details([bought(90), bought(110)], [confirmed(100)])).toEqual([
      'matched time 0.00001 []',
      'af_only null null []',
    ])
  })

  it('does not compare receipts, but says when they differ', () => {
    expect(details([bought(0, 'R1')], [confirmed(0, 'R2')])).toEqual([
      'matched time 0 [receipt_mismatch]',
    ])
    expect(details([bought(0, 'R1')], [confirmed(0)])).toEqual(['matched time 0 []'])
  })

  it('keeps players apart', () => {
    const other = aConfirmation({ appsflyer_id: 'p1' })
    expect(details([bought(0)], [other])).toEqual([
      'af_only null null []',
      'confirmed_only null null []',
    ])
  })
})

describe('the match by receipt', () => {
  it('comes before the match in time, at any distance', () => {
    expect(
      details([bought(0, 'R1')], [confirmed(1_000_000), confirmed(86_400_000_000, 'R1')]),
    ).toEqual(['matched receipt 86400 [outside_window]', 'confirmed_only null null []'])
    expect(details([bought(0, 'R1')], [confirmed(600_000_000, 'R1')])).toEqual([
      'matched receipt 600 []',
    ])
  })

  it('leaves what it cannot pair to the match in time', () => {
    expect(
      details(
        [bought(0, 'R1'), bought(60_000_000, 'R1')],
        [confirmed(59_000_000, 'R1'), confirmed(0)],
      ),
    ).toEqual(['matched time 0 []', 'matched receipt -1 []'])
  })

  it('takes a receipt on too many rows of one player as empty', () => {
    const purchases = [bought(0, 'J'), bought(700_000_000, 'J')]
    const confirmations = [confirmed(1_000_000, 'J'), confirmed(9_000_000_000, 'J')]
    expect(details(purchases, confirmations, 4)).toEqual([
      'matched receipt 1 []',
      'matched receipt 8300 [outside_window]',
    ])
    expect(details(purchases, confirmations, 3)).toEqual([
      'matched time 1 [junk_receipt]',
      'af_only null null [junk_receipt]',
      'confirmed_only null null [junk_receipt]',
    ])
  })

  it('takes a receipt on 1,000 rows as it is, and on 1,001 as empty', () => {
    const verdicts = (purchases: number): string[] => {
      const rows = Array.from({ length: purchases }, (_, at) => bought(at, 'R'))
      return [...new Set(details(rows, [confirmed(9_000_000_000, 'R')]))]
    }
    // The last of the 999 is the nearest: 9000 s less 998 µs.
    expect(verdicts(999)).toEqual([
      'af_only null null []',
      'matched receipt 8999.999002 [outside_window]',
    ])
    expect(verdicts(1_000)).toEqual([
      'af_only null null [junk_receipt]',
      'confirmed_only null null [junk_receipt]',
    ])
  })

  it('counts the rows of a receipt for each player alone', () => {
    const purchases = [bought(0, 'R'), { ...bought(0, 'R'), appsflyer_id: 'P2' }]
    expect(details(purchases, [confirmed(0, 'R')], 2)).toEqual([
      'af_only null null []',
      'matched receipt 0 []',
    ])
  })
})

describe('the alignment', () => {
  it('is the best of all matchings, those that cross included', () => {
    const instants = fc.array(fc.bigInt({ min: 0n, max: 12n }), { maxLength: 5 })
    const sorted = instants.map((list) => list.sort((a, b) => Number(a - b)))
    fc.assert(
      fc.property(sorted, sorted, fc.constantFrom(undefined, 0n, 2n, 5n), (left, right, most) => {
        const distanceOf = (pairs: readonly Pair[]): bigint =>
          pairs.reduce((total, [i, j]) => total + apart(left[i] ?? 0n, right[j] ?? 0n), 0n)
        const best = everyMatching(left, right, most)
          .map((pairs) => ({ pairs, distance: distanceOf(pairs) }))
          .reduce((a, b) => (isBetter(b, a) ? b : a))
        expect(align(left, right, most)).toEqual(best.pairs)
      }),
      { numRuns: 300 },
    )
  })
})

const apart = (a: bigint, b: bigint): bigint => (a < b ? b - a : a - b)

function everyMatching(
  left: readonly bigint[],
  right: readonly bigint[],
  distanceMax: bigint | undefined,
  from = 0,
  taken: readonly number[] = [],
): Pair[][] {
  const instant = left[from]
  if (instant === undefined) return [[]]
  const without = everyMatching(left, right, distanceMax, from + 1, taken)
  const partners = right.flatMap((other, j) => {
    const isNear = distanceMax === undefined || apart(instant, other) <= distanceMax
    return isNear && !taken.includes(j) ? [j] : []
  })
  const paired = partners.flatMap((j) =>
    everyMatching(left, right, distanceMax, from + 1, [...taken, j]).map((pairs): Pair[] => [
      [from, j],
      ...pairs,
    ]),
  )
  return [...without, ...paired]
}
