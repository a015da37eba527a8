// A made-up game as quality leaves it: events in the order of the log, and the records that they are on
// `events-enriched` in the order in which they arrive there. In it is whatever makes counting hard:
// copies, disorder, late ones to the millisecond, matches of two places, a side of a match that is
// long behind, currencies with a rate and without, names that mean something else, more names than may
// be, a day that ends.
import type { EnrichedEvent } from '../../packages/server/src/quality/quality.ts'
import type { EnrichedRecord } from '../../packages/server/src/quality-kafka/enriched-record.ts'
import { parseRate, toUsdMicros } from '../../packages/server/src/windows/rates.ts'

export const PARTITIONS = 4
/** Gets no event, only heartbeats. */
const QUIET = 3
export const GRACE_MS = 20_000
const MINUTE = 60_000
/** Three minutes before a day ends. */
const BEGIN = Date.UTC(2026, 2, 1, 23, 57)
const LASTS_MS = 6 * MINUTE
const RATE = { currency: 'EUR', usdPerUnit: '1.0837' } as const

export type Arrival = {
  readonly partition: number
  /** When it comes to the topic, on the same clock as all others. */
  readonly at: number
  readonly record: EnrichedRecord
  readonly isCopy: boolean
}
export type Beat = { readonly partition: number; readonly timeMs: number }

export type EnrichedGame = {
  /** Each once, by offset; the first is a table of rates. */
  readonly events: readonly EnrichedEvent[]
  readonly arrivals: readonly Arrival[]
  /** What may be said after the arrival of that index: nothing before this time comes any more. */
  beatAfter(index: number): number
}

export const isLate = ({ received_ms, time_ms }: EnrichedRecord): boolean =>
  received_ms >= Math.floor(time_ms / MINUTE) * MINUTE + MINUTE + GRACE_MS

/** The same game for the same seed. */
export function enrichedGame(count: number, seed = 1): EnrichedGame {
  const random = mulberry32(seed)
  const drafts = Array.from({ length: count }, (_, index) => draft(index, random))
  drafts.sort((a, b) => a.received_at - b.received_at)
  const events = [ratesEvent(), ...drafts.map((event, index) => ({ ...event, offset: index + 2 }))]
  const labels = labelsOf(events)
  const arrivals = events.flatMap((event) => arrivalsOf(event, labels.get(event), random))
  arrivals.sort((a, b) => a.at - b.at || a.record.event_id.localeCompare(b.record.event_id))
  const least = Array.from({ length: arrivals.length + 1 }, () => Number.POSITIVE_INFINITY)
  for (let index = arrivals.length - 1; index >= 0; index--) {
    const { isCopy, record } = arrivals[index] ?? never()
    const next = least[index + 1] ?? Number.POSITIVE_INFINITY
    least[index] = isCopy ? next : Math.min(next, record.received_ms)
  }
  return {
    ...{ events, arrivals },
    beatAfter: (index) => Math.min(arrivals[index]?.at ?? 0, least[index + 1] ?? 0),
  }
}

type Random = () => number
const never = (): never => {
  throw new Error('there is one')
}
const pick = <T>(random: Random, of: readonly T[]): T =>
  of[Math.floor(random() * of.length)] ?? never()

const COUNTRIES = [
  ['PT', 'Portugal'],
  ['BR', 'Brazil'],
  ['US', 'United States'],
  ['JP', 'Japan'],
  ['UNKNOWN', 'UNKNOWN'],
] as const
const PLATFORMS = ['IOS', 'ANDROID', 'WEB', '(ALL)', "O'Brien's"] as const

/** Most players stay where they are; some are seen in two places. */
function player(random: Random, app: string) {
  const number = Math.floor(random() * 120)
  const shift = random() < 0.05 ? 1 : 0
  const [country_code, country] = COUNTRIES[(number + shift) % COUNTRIES.length] ?? never()
  const platform = PLATFORMS[number % 40 === 7 ? 3 : number % 40 === 8 ? 4 : number % 3] ?? never()
  return { id: `${app}-player-${number}`, country, country_code, platform }
}

const TYPES = [
  ...['init', 'session_start', 'progression', 'custom', 'match', 'match'],
  ...['purchase', 'in-app-purchase', 'free', 'free', 'server'],
] as const

function draft(index: number, random: Random): EnrichedEvent {
  const app = random() < 0.8 ? 'default' : 'second'
  const type = pick(random, TYPES)
  const kind = type === 'free' || type === 'server' ? type : 'game'
  const sender = player(random, app)
  const names = { free: freeType(random), server: 'earn' }
  const event_type = type === 'free' || type === 'server' ? names[type] : type
  const players =
    kind === 'server'
      ? []
      : type === 'match'
        ? [sender, ...opponents(random, app, sender)]
        : [sender]
  const corrected_at = BEGIN + Math.floor(random() * LASTS_MS)
  return {
    ...{ offset: index, kind, app, event_type, players },
    event_id: `00000000-0000-7000-8000-${String(index).padStart(12, '0')}`,
    player_id: sender.id,
    ...{ corrected_at, received_at: receiptOf(corrected_at, random), flags: [] },
    ...{ country: sender.country, country_code: sender.country_code, platform: sender.platform },
    purchase: kind === 'game' && /purchase/.test(event_type) ? purchase(random) : null,
    ...{ event: { n: index }, sdk: null, app_version: null, device_id: null, seq: null },
  }
}

/** Some mean something else elsewhere; of the others there are more in a day than have a name. */
const freeType = (random: Random): string =>
  random() < 0.1
    ? pick(random, ['match', 'heartbeat', 'purchase'])
    : `level ${Math.floor(random() * 1_000)}`

const NAMES_OF_A_DAY = 200

/** What the relay has said of those that come when their day has all its names. */
function labelsOf(events: readonly EnrichedEvent[]): ReadonlyMap<EnrichedEvent, string> {
  const days = new Map<string, Set<string>>()
  const labels = new Map<EnrichedEvent, string>()
  for (const event of events) {
    const { kind, app, event_type: type, corrected_at: at } = event
    if (kind !== 'free' || type === 'match' || type === 'purchase') continue
    const key = `${new Date(at).toISOString().slice(0, 10)} ${app}`
    const names = days.get(key) ?? new Set()
    days.set(key, names)
    if (names.size < NAMES_OF_A_DAY) names.add(type)
    if (!names.has(type)) labels.set(event, '(OTHER)')
  }
  return labels
}

type Player = ReturnType<typeof player>

/** Mostly one; some play against themselves, on another device, and some games have three. */
function opponents(random: Random, app: string, sender: Player): readonly Player[] {
  const luck = random()
  if (luck < 0.05) return [{ ...sender, platform: 'WEB' }]
  if (luck < 0.1) return [player(random, app), player(random, app)]
  return [player(random, app)]
}

function purchase(random: Random) {
  const luck = random()
  // Some that are free, some so dear that their sum is no exact number of JSON.
  const amount_micros =
    luck < 0.05 ? 0 : luck < 0.1 ? 2 ** 53 - 3 : Math.floor(random() * 100) * 990_000 + 7
  const currency = pick(random, ['USD', 'USD', 'EUR', 'JPY'])
  // Dear and converted would leave the numbers that JSON keeps exactly.
  const isDear = amount_micros > 2 ** 50
  return {
    ...{ amount_micros, currency: isDear && currency === 'EUR' ? 'USD' : currency },
    product_id: 'gems',
  }
}

function receiptOf(correctedAt: number, random: Random): number {
  const end = Math.floor(correctedAt / MINUTE) * MINUTE + MINUTE
  const luck = random()
  if (luck < 0.01) return end + GRACE_MS
  if (luck < 0.02) return end + GRACE_MS - 1
  if (luck < 0.05) return end + GRACE_MS + Math.floor(random() * 200_000)
  return correctedAt + Math.floor(random() * GRACE_MS)
}

/** What an import of rates logs; it happened in no minute. */
const ratesEvent = (): EnrichedEvent => ({
  ...{ offset: 1, kind: 'server', app: 'default', event_id: 'rates-1', event_type: 'rates' },
  ...{ player_id: null, received_at: BEGIN, corrected_at: BEGIN, flags: [], players: [] },
  ...{ country: 'UNKNOWN', country_code: 'UNKNOWN', platform: 'UNKNOWN', purchase: null },
  event: { date: '2026-03-01', usd_per_unit: { [RATE.currency]: RATE.usdPerUnit } },
  ...{ sdk: null, app_version: null, device_id: null, seq: null },
})

/** How long the other side of a match is behind, for a while: as if another replica were stuck. */
const BEHIND = { from: BEGIN + 2 * MINUTE, to: BEGIN + 3 * MINUTE, ms: 95_000 }

function arrivalsOf(
  event: EnrichedEvent,
  label: string | undefined,
  random: Random,
): readonly Arrival[] {
  return recordsOf(event, label).flatMap((record) => {
    const { received_ms: at, part } = record
    const isBehind = part > 0 && at >= BEHIND.from && at < BEHIND.to
    const first = {
      partition: hash(`${record.app}\n${record.user_id ?? record.event_id}`) % QUIET,
      ...{ at: isBehind ? BEHIND.to + BEHIND.ms : at, record, isCopy: false },
    }
    // A copy may come when its minute is long closed.
    const isCopied = random() < 0.06
    const later = first.at + Math.floor(random() * 150_000)
    return isCopied ? [first, { ...first, at: later, isCopy: true }] : [first]
  })
}

/** One for each player, the sender's first; one without a player. */
function recordsOf(event: EnrichedEvent, label?: string): readonly EnrichedRecord[] {
  const { purchase } = event
  const base = {
    ...{ event_id: event.event_id ?? '', app: event.app, event_type: event.event_type },
    ...{ kind: event.kind, time_ms: event.corrected_at, received_ms: event.received_at },
    ...(label === undefined ? {} : { label }),
    is_purchase: purchase !== null,
    currency: purchase?.currency ?? null,
    amount_micros: purchase?.amount_micros ?? null,
    revenue_usd_micros: revenueOf(event),
    ...{ position: `0:${event.offset}`, event: event.event, sdk: null, app_version: null },
    ...{ device_id: null, seq: null },
  }
  const { country_code, platform } = event
  if (event.players.length === 0)
    return [{ ...base, part: 0, user_id: null, country_code, platform }]
  return event.players.map((each, part) => ({
    ...{
      ...base,
      part,
      user_id: each.id,
      country_code: each.country_code,
      platform: each.platform,
    },
  }))
}

function revenueOf({ purchase, corrected_at }: EnrichedEvent): number | null {
  if (purchase === null) return null
  if (purchase.currency === 'USD') return purchase.amount_micros
  const isKnown = purchase.currency === RATE.currency && corrected_at < Date.UTC(2026, 2, 2)
  return isKnown ? toUsdMicros(purchase.amount_micros, parseRate(RATE.usdPerUnit)) : null
}

function hash(text: string): number {
  let value = 7
  for (const character of text) value = (value * 31 + (character.codePointAt(0) ?? 0)) % 1_000_003
  return value
}

function mulberry32(seed: number): Random {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
