/** Numbers that one run number decides, so that the choices of a run can be made again. */
export type Chance = {
  /** 0 ≤ x < 1. */
  next(): number
  /** `from` ≤ n ≤ `to`. */
  integer(from: number, to: number): number
  /** One of `choices`, each as often as its weight says. */
  weighted<T extends string>(choices: Readonly<Record<T, number>>): T
}

/** mulberry32. */
export function createChance(run: number): Chance {
  let state = run >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  return {
    next,
    integer: (from, to) => from + Math.floor(next() * (to - from + 1)),
    weighted<T extends string>(choices: Readonly<Record<T, number>>): T {
      const names = Object.keys(choices) as T[]
      let left = next() * names.reduce((sum, name) => sum + choices[name], 0)
      const chosen = names.find((name) => {
        left -= choices[name]
        return left < 0
      })
      if (chosen === undefined) throw new Error('nothing to choose from')
      return chosen
    },
  }
}
