export type Environment = Readonly<Record<string, string | undefined>>

/** Reads settings by name and collects what is wrong with all of them, so that one start shows every fault. */
export function createReader(env: Environment) {
  const faults: string[] = []
  const names: string[] = []

  const take = (name: string): string | undefined => {
    names.push(name)
    const value = env[name]?.trim()
    return value === '' ? undefined : value
  }
  const fault = (name: string, message: string): void => {
    faults.push(`${name}: ${message}`)
  }

  return {
    faults: faults as readonly string[],
    names: names as readonly string[],
    fault,

    text: (name: string): string | undefined => take(name),

    integer(name: string, byDefault: number, min: number, max: number): number {
      const value = take(name)
      if (value === undefined) return byDefault
      const number = /^-?\d{1,16}$/.test(value) ? Number(value) : Number.NaN
      if (number >= min && number <= max) return number
      fault(name, `"${value}" is not a whole number from ${min} to ${max}`)
      return byDefault
    },

    choice<const C extends string>(name: string, byDefault: C, choices: readonly C[]): C {
      const value = take(name)
      if (value === undefined) return byDefault
      const known = choices.find((choice) => choice === value.toLowerCase())
      if (known === undefined) fault(name, `"${value}" is not one of ${choices.join(', ')}`)
      return known ?? byDefault
    },

    onOff(name: string, byDefault: boolean): boolean {
      const value = take(name)?.toLowerCase()
      if (value === undefined) return byDefault
      if (['on', 'true', '1', 'yes'].includes(value)) return true
      if (['off', 'false', '0', 'no'].includes(value)) return false
      fault(name, `"${value}" is neither on nor off`)
      return byDefault
    },

    list(name: string): readonly string[] {
      const parts = (take(name) ?? '').split(',').map((part) => part.trim())
      return parts.filter((part) => part !== '')
    },

    /** `per second/burst`, as `50/300`. */
    rate(name: string, byDefault: { readonly perSecond: number; readonly burst: number }) {
      const value = take(name)
      if (value === undefined) return byDefault
      const [, perSecond, burst] = /^(\d{1,9}(?:\.\d{1,6})?)\/(\d{1,9})$/.exec(value) ?? []
      const rate = { perSecond: Number(perSecond), burst: Number(burst) }
      if (rate.perSecond > 0 && rate.burst >= 1) return rate
      fault(name, `"${value}" is not a rate such as 50/300 (per second / burst)`)
      return byDefault
    },
  }
}

export type Reader = ReturnType<typeof createReader>
