import type { EnrichedEvent } from '../quality/quality.ts'
import type { Tx } from '../store/store.ts'
import { startOf } from './grains.ts'
import type { Place, Places } from './places.ts'
import { type Rate, toUsdMicros } from './rates.ts'
import { plus, type Sum } from './sums.ts'
import type { ActiveUsers, UserSets } from './user-sets.ts'
import { markChanges } from './window-changes.ts'
import { type Additions, createAdditions, type Metric } from './window-facts.ts'
import { type NewForeignPurchase, writePurchases } from './window-purchases.ts'

/** Sums by label, and of each by place. */
type ByPlace = Map<Place, Sum>
type Minute = {
  readonly minute: number
  readonly app: string
  users: Map<string, Place>
  mentions: number
  readonly sums: Map<Metric, Map<string, ByPlace>>
}

/** What one batch comes to, before any of it is written. */
export function createTally(places: Places) {
  const minutes: Minutes = new Map()
  const changes = new Map<number, number>()
  const foreign: NewForeignPurchase[] = []
  const hours = createHours(minutes)

  const minuteOf = (minute: number, app: string): Minute => minuteIn(minutes, minute, app)

  const purchase = (of: Minute, place: Place, event: EnrichedEvent, rate: Rate | null): void => {
    if (event.purchase === null) return
    const { amount_micros: amountMicros, currency } = event.purchase
    addTo(of, 'purchases', '', place, 1)
    if (currency === 'USD') {
      addTo(of, 'revenue_usd_micros', '', place, amountMicros)
      return
    }
    const usd = toUsdMicros(amountMicros, rate)
    if (usd === null) addTo(of, 'unconverted', currency, place, amountMicros)
    else addTo(of, 'revenue_usd_micros', '', place, usd)
    const [country = '', platform = ''] = place.pairs[0] ?? []
    const day = startOf('day', of.minute)
    const { offset } = event
    foreign.push({
      day,
      currency,
      offset,
      amountMicros,
      minute: of.minute,
      app: of.app,
      country,
      platform,
    })
  }

  return {
    /** Those of this batch that were not in US dollars. */
    foreign: foreign as readonly NewForeignPurchase[],

    /** @param at the hour of the clock of the log at this event */
    event(event: EnrichedEvent, rate: Rate | null, at: number): void {
      hours.at(at)
      const of = minuteOf(startOf('minute', event.corrected_at), event.app)
      const place = placeOf(places, event)
      addTo(of, 'events', event.event_type, place, 1)
      if (event.kind === 'game' && event.event_type === 'match') addTo(of, 'matches', '', place, 1)
      purchase(of, place, event, rate)
      for (const player of event.players) {
        const seen = places.of(player.country_code, player.platform)
        const before = of.users.get(player.id)
        if (before !== seen) of.users.set(player.id, before ? places.union(before, seen) : seen)
      }
      of.mentions += event.players.length
      changes.set(of.minute, event.offset)
    },

    /** Corrects a sum of a minute, because of the event at `offset`. */
    correct(
      at: { readonly minute: number; readonly app: string; readonly place: Place },
      fact: { readonly metric: Metric; readonly label: string; readonly value: Sum },
      offset: number,
    ): void {
      addTo(minuteOf(at.minute, at.app), fact.metric, fact.label, at.place, fact.value)
      changes.set(at.minute, offset)
    },

    async write(tx: Tx, userSets: UserSets): Promise<void> {
      const additions = createAdditions()
      const all = [...minutes.values()].flatMap((apps) => [...apps.values()])
      for (const of of all) spread(of, additions)
      for (const { hour, active } of hours.all()) await userSets.add(tx, active, hour, additions)
      await additions.write(tx)
      await writePurchases(tx, foreign)
      await markChanges(tx, changes)
    },
  }
}

type ActiveInHour = { readonly hour: number; readonly active: readonly ActiveUsers[] }

/** Who was active, hour by hour of the clock of the log, by which it is decided what sets are open. */
function createHours(minutes: Minutes) {
  const ended: ActiveInHour[] = []
  let hour = 0

  const end = (): void => {
    const active = [...minutes.values()]
      .flatMap((apps) => [...apps.values()])
      .filter(({ users }) => users.size > 0)
    if (active.length > 0) ended.push({ hour, active: active.map((of) => ({ ...of })) })
    for (const of of active) {
      of.users = new Map()
      of.mentions = 0
    }
  }

  return {
    /** What comes after this is of this hour. Most batches lie within one. */
    at(next: number): void {
      if (next !== hour) end()
      hour = next
    },
    all(): readonly ActiveInHour[] {
      end()
      return ended
    },
  }
}

type Minutes = Map<number, Map<string, Minute>>

function minuteIn(minutes: Minutes, minute: number, app: string): Minute {
  let apps = minutes.get(minute)
  if (!apps) {
    apps = new Map()
    minutes.set(minute, apps)
  }
  let known = apps.get(app)
  if (!known) {
    known = { minute, app, users: new Map(), mentions: 0, sums: new Map() }
    apps.set(app, known)
  }
  return known
}

export type Tally = ReturnType<typeof createTally>

function addTo({ sums }: Minute, metric: Metric, label: string, place: Place, value: Sum): void {
  let labels = sums.get(metric)
  if (!labels) {
    labels = new Map()
    sums.set(metric, labels)
  }
  let byPlace = labels.get(label)
  if (!byPlace) {
    byPlace = new Map()
    labels.set(label, byPlace)
  }
  byPlace.set(place, plus(byPlace.get(place) ?? 0, value))
}

function spread({ minute, app, sums }: Minute, additions: Additions): void {
  for (const [metric, labels] of sums) {
    for (const [label, byPlace] of labels) {
      for (const [place, value] of byPlace) {
        if (value !== 0) additions.everywhere(minute, app, place, { metric, label, value })
      }
    }
  }
}

/** A match counts once in each country and on each platform of its players; all else where it was sent. */
function placeOf(places: Places, event: EnrichedEvent): Place {
  const { players } = event
  if (event.event_type !== 'match' || players.length < 2) {
    return places.of(event.country_code, event.platform)
  }
  return players
    .map((player) => places.of(player.country_code, player.platform))
    .reduce((all, each) => places.union(all, each))
}
