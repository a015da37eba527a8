import { spread } from '../harness/harness.ts'

/** Over the second half; a leak of a hundredth in two minutes is more in the ten of a usual soak. */
export const FLAT_MAX = 1.05

export type Held = { readonly name: string; readonly values: readonly number[] }

/**
 * How much more there is at the end of the second half than at its beginning, on the line through it
 * (Theil–Sen: the median of all slopes, which single peaks do not move). 1 is flat. The first half is
 * not looked at: compilers, caches and the sets of users grow to their bounds.
 */
export function rise(values: readonly number[]): number {
  const half = values.slice(Math.floor(values.length / 2))
  if (half.length < 3) return Number.NaN
  const slopes = half.flatMap((from, i) =>
    half.slice(i + 1).map((to, beyond) => (to - from) / (beyond + 1)),
  )
  const slope = spread(slopes).median
  const begin = spread(half.map((value, i) => value - slope * i)).median
  const end = begin + slope * (half.length - 1)
  return begin === end ? 1 : end / begin
}

/** One line: flat or not, by how much, and by what rule. */
export function verdictOn(held: readonly Held[]): string {
  const rises = held.map(({ name, values }) => ({ name, by: rise(values) }))
  const isFlat = rises.every(({ by }) => by <= FLAT_MAX)
  const said = rises.map(({ name, by }) => `${name} ${by.toFixed(3)} ×`).join(', ')
  return `**${isFlat ? 'flat' : 'NOT flat'}**: ${said} from the beginning of the second half to its end; up to ${FLAT_MAX} × is flat`
}
