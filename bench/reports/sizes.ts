/** Ratios are those of wall time: how many times faster we are. */
type Ratios = { readonly floor: number; readonly target: number }

export type Size = {
  readonly name: string
  readonly label: string
  readonly purchases: number
  /** Of each program. Large ones take minutes, and vary less. */
  readonly rounds: number
  /** Below the floor is a defect. */
  readonly aims: {
    readonly warmMs?: number
    readonly withStartMs?: number
    readonly pandas?: Ratios
    readonly polars?: Ratios
    readonly memoryMb?: Ratios
  }
}

export const SIZES: readonly Size[] = [
  {
    ...{ name: '10k', label: '10 K', purchases: 10_000, rounds: 5 },
    aims: { warmMs: 60, withStartMs: 300 },
  },
  {
    ...{ name: '1m', label: '1 M', purchases: 1_000_000, rounds: 3 },
    aims: { pandas: { floor: 2.5, target: 3.5 }, polars: { floor: 0.8, target: 1 } },
  },
  {
    ...{ name: '10m', label: '10 M', purchases: 10_000_000, rounds: 2 },
    aims: {
      pandas: { floor: 2.5, target: 3.5 },
      polars: { floor: 0.8, target: 1.2 },
      memoryMb: { floor: 2_500, target: 2_000 },
    },
  },
]

export const SIZES_DEFAULT = '10k,1m'

/**
 * In ascending order, whatever the order of the names.
 * @throws RangeError on a name that is none
 */
export function sizesOf(names: string): readonly Size[] {
  const wanted = names.split(',').map((name) => name.trim().toLowerCase())
  const known = SIZES.map(({ name }) => name)
  const unknown = wanted.find((name) => !known.includes(name))
  if (unknown === undefined) return SIZES.filter(({ name }) => wanted.includes(name))
  throw new RangeError(`--sizes takes ${known.join(', ')}, not "${unknown}"`)
}
