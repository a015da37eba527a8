import { type BitSet, createBitSet } from './bit-set.ts'
import { add, DAILY_USERS, type Figures } from './figures.ts'
import type { Active, PlannedEvent } from './planned-event.ts'
import { type UsdRates, usdMicros } from './usd.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

/** Distinct players of one UTC day, country and platform. */
export type DailyUsers = {
  readonly date: string
  readonly country_code: string
  readonly platform: string
  readonly distinct_users: number
}

/** What the numbers of the server must be, after all that it has accepted. */
export type Truth = {
  /** An event was accepted. To be called once for each. */
  accept(event: PlannedEvent): void
  /** But for the roll-ups of daily users, of which days tell already. */
  figures(): Figures
  /** With the roll-ups, which carry `(ALL)`; sorted by date, country and platform. */
  dailyUsers(): readonly DailyUsers[]
  /** The first and the last minute in which anything was accepted; null before. */
  range(): { readonly from: number; readonly to: number } | null
  events(): number
}

const ALL = '(ALL)'
const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10)
/** By the names of the answers. */
const GRAINS = [
  ['minute', (at: number) => new Date(at - (at % MINUTE_MS)).toISOString()],
  ['hour', (at: number) => new Date(at - (at % HOUR_MS)).toISOString()],
  ['day', dayOf],
] as const

/** Counts event by event, by rules of its own: nothing here is the server's. */
export function createTruth(rates: UsdRates): Truth {
  const sums: Figures = new Map()
  const users = new Map<string, BitSet>()
  let first = Number.POSITIVE_INFINITY
  let last = Number.NEGATIVE_INFINITY
  let events = 0

  const see = (name: string, player: number): void => {
    const known = users.get(name) ?? createBitSet()
    users.set(name, known)
    known.add(player)
  }

  const seeDaily = (date: string, { country, platform, player }: Active): void => {
    for (const where of [country, ALL]) {
      for (const on of [platform, ALL]) see(`${DAILY_USERS}${date} ${where} ${on}`, player)
    }
  }

  const count = (window: string, { type, at, facts }: PlannedEvent): void => {
    if (facts === null) return
    const { place, active, purchase } = facts
    add(sums, `${window} events_by_type ${type}`, 1)
    for (const { player } of active) see(`${window} users`, player)
    if (type === 'match') {
      add(sums, `${window} matches`, 1)
      for (const country of new Set(active.map((side) => side.country))) {
        add(sums, `${window} matches_by_country ${country}`, 1)
      }
    }
    if (purchase === null) return
    add(sums, `${window} purchases`, 1)
    const usd = usdMicros(purchase, at, rates)
    if (usd === null) {
      add(sums, `${window} unconverted ${purchase.currency}`, purchase.amountMicros)
    } else {
      add(sums, `${window} revenue_usd_micros`, usd)
      add(sums, `${window} revenue_by_country ${place.country}`, usd)
    }
  }

  return {
    accept(event) {
      const { at, facts } = event
      if (facts === null) return
      events += 1
      first = Math.min(first, at)
      last = Math.max(last, at)
      for (const [grain, startOf] of GRAINS) count(`${grain} ${startOf(at)}`, event)
      for (const active of facts.active) seeDaily(dayOf(at), active)
    },

    figures() {
      const figures: Figures = new Map(sums)
      for (const [name, set] of users) {
        if (!name.includes(ALL)) figures.set(name, set.size())
      }
      return figures
    },

    dailyUsers() {
      return [...users]
        .filter(([name]) => name.startsWith(DAILY_USERS))
        .map(([name, set]) => {
          const [, date = '', country_code = '', platform = ''] = name.split(' ')
          return { date, country_code, platform, distinct_users: set.size() }
        })
        .sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
    },

    range: () =>
      events === 0
        ? null
        : { from: first - (first % MINUTE_MS), to: last - (last % MINUTE_MS) + MINUTE_MS },
    events: () => events,
  }
}

const keyOf = ({ date, country_code, platform }: DailyUsers): string =>
  `${date} ${country_code} ${platform}`
