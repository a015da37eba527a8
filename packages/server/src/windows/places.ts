import { KPI_ALL as ALL } from '@questline/contracts'
import { UNKNOWN } from '../quality/quality.ts'
import { GROUPING_SETS } from './fact-columns.ts'

/** One row of the grouping sets over country and platform. */
export type Cell = { readonly country: string; readonly platform: string; readonly key: string }

/**
 * Where something happened: one country and platform, or several, as a match has. Interned, so that
 * sums of a batch are kept by the object itself.
 */
export type Place = {
  /** Its countries and platforms in order, as JSON: equal places have equal texts. */
  readonly text: string
  readonly pairs: readonly (readonly [country: string, platform: string])[]
  /** The rows that it counts in, each once: its own, those of its countries and platforms, and all. */
  readonly cells: readonly Cell[]
  readonly unions: Map<Place, Place>
}

/** Platforms of imports are any text, so what is remembered has a bound. */
const REMEMBERED_MAX = 5_000

const compareTexts = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

export function createPlaces() {
  let byText = new Map<string, Place>()
  let byCountry = new Map<string, Map<string, Place>>()
  const cells = new Map<string, Cell>()

  const cell = (country: string, platform: string): Cell => {
    const key = JSON.stringify([country, platform])
    const known = cells.get(key)
    if (known) return known
    const made = { country, platform, key }
    cells.set(key, made)
    return made
  }

  const makeRoom = (): void => {
    if (byText.size < REMEMBERED_MAX) return
    byText = new Map()
    byCountry = new Map()
    cells.clear()
  }

  const make = (text: string, pairs: Place['pairs']): Place => {
    const of = pairs.flatMap(([country, platform]) =>
      GROUPING_SETS.map((set: readonly string[]) =>
        cell(
          set.includes('country_code') ? country : ALL,
          set.includes('platform') ? platform : ALL,
        ),
      ),
    )
    return { text, pairs, cells: [...new Set(of)], unions: new Map() }
  }

  const parse = (text: string): Place => {
    const known = byText.get(text)
    if (known) return known
    makeRoom()
    const place = make(text, JSON.parse(text))
    byText.set(text, place)
    return place
  }

  const single = (country: string, platform: string): Place => {
    // A platform of that very name would be counted as all of them.
    const named = platform === ALL ? UNKNOWN : platform
    return parse(JSON.stringify([[country, named]]))
  }

  return {
    /** The place that a text stands for. */
    parse,

    of(country: string, platform: string): Place {
      const known = byCountry.get(country)?.get(platform)
      if (known) return known
      const place = single(country, platform)
      const platforms = byCountry.get(country) ?? new Map<string, Place>()
      byCountry.set(country, platforms.set(platform, place))
      return place
    },

    union(a: Place, b: Place): Place {
      if (a === b) return a
      const known = a.unions.get(b)
      if (known) return known
      const pairs = new Map([...a.pairs, ...b.pairs].map((pair) => [JSON.stringify(pair), pair]))
      const sorted = [...pairs].sort(([one], [other]) => compareTexts(one, other))
      const place = parse(JSON.stringify(sorted.map(([, pair]) => pair)))
      if (a.unions.size >= REMEMBERED_MAX) a.unions.clear()
      a.unions.set(b, place)
      return place
    },
  }
}

export type Places = ReturnType<typeof createPlaces>
