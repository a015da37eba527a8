// A made-up log, as the relay and other producers write it, and what it comes to when one process
// takes it event by event in its order.
import fc from 'fast-check'
import { ENVELOPE, keyOf, type NewRecord } from '../../packages/server/src/kafka/kafka.ts'
import {
  compileRules,
  enrich,
  type Init,
  RULES,
  type Rule,
} from '../../packages/server/src/quality/quality.ts'
import type { Stored } from '../../packages/server/src/quality-kafka/part.ts'
import { logRecordOf } from '../../packages/server/src/quality-kafka/split-record.ts'

export const NOON = Date.UTC(2026, 2, 1, 12)
export const PLAYERS = ['p0', 'p1', 'p2', 'p3', 'p4', 'p5'] as const
/** Whose newest `init` does not change while matches name them from elsewhere. */
const STILL = ['p0', 'p1', 'p2'] as const
const MOVING = ['p3', 'p4', 'p5'] as const
const COUNTRIES = ['PT', 'DE', 'JP', 'UK'] as const
const PLATFORMS = ['ios', 'android'] as const

export const RULES_OF_STUDIO: readonly Rule[] = [
  { rule: 'known', field: 'product_id', events: ['purchase'], values: ['gems', 'gold'] },
]

/** An event without its place in the log. */
export type Happening = {
  readonly type: string
  readonly player: string | null
  readonly kind?: 'free' | 'server'
  /** Not through the books: the id of an earlier happening, or its own. */
  readonly direct?: { readonly id: number; readonly says: number }
  readonly at: number
  readonly event: unknown
}

const time = fc.integer({ min: 0, max: 200_000 }).map((ms) => NOON + ms)
const init = (players: readonly string[]) =>
  fc.record({
    type: fc.constant('init'),
    player: fc.constantFrom(...players),
    at: time,
    event: fc.record({
      country: fc.constantFrom(...COUNTRIES),
      platform: fc.constantFrom(...PLATFORMS),
    }),
  })
const purchase = fc.record({
  type: fc.constant('purchase'),
  player: fc.constantFrom(...PLAYERS),
  at: time,
  event: fc.record({
    product_id: fc.constantFrom('gems', 'gold', 'bogus'),
    amount_micros: fc.integer({ min: 0, max: 9_999_999 }),
    currency: fc.constantFrom('USD', 'EUR', 'CHF'),
  }),
})
const match = fc.record({
  type: fc.constant('match'),
  player: fc.constant(null),
  at: time,
  event: fc.record({
    'user-a': fc.constantFrom(...STILL),
    'user-b': fc.constantFrom(...STILL),
    'user-a-postmatch-info': fc.option(fc.record({ platform: fc.constantFrom('PC ', 'mac') })),
  }),
})
const plain = fc.record({
  type: fc.constant('session_start'),
  player: fc.option(fc.constantFrom(...PLAYERS)),
  at: time,
  event: fc.constant({}),
})
const other = fc.record({
  type: fc.constantFrom('level_up', 'earn', 'af_purchase'),
  player: fc.constantFrom(...PLAYERS),
  at: time,
  event: fc.constant({ amount: 1 }),
})
const otherOfKind = other.map(
  (each): Happening => ({ ...each, kind: each.type === 'level_up' ? 'free' : 'server' }),
)
const direct = fc
  .record({
    player: fc.constantFrom(...STILL),
    at: fc.constant(NOON),
    id: fc.nat(3),
    says: fc.nat(1),
  })
  .map(
    ({ player, at, id, says }): Happening => ({
      ...{ type: 'session_end', player, at, event: { says } },
      // An id belongs to one player, or two partitions would have to agree on it.
      direct: { id: id * PLAYERS.length + PLAYERS.indexOf(player), says },
    }),
  )

const rates: Happening = {
  ...{ type: 'rates', player: null, kind: 'server', at: NOON },
  event: { date: '2026-03-01', usd_per_unit: { EUR: '1.0832' } },
}

/** What comes first is through before the rest begins. */
export const aLog: fc.Arbitrary<{
  readonly before: readonly Happening[]
  readonly after: readonly Happening[]
}> = fc.record({
  before: fc.array(init(PLAYERS), { maxLength: 10 }).map((inits): Happening[] => [rates, ...inits]),
  after: fc.array(fc.oneof(init(MOVING), purchase, match, plain, otherOfKind, direct), {
    ...{ minLength: 5, maxLength: 40 },
  }),
})

const uuid = (number: number): string =>
  `00000000-0000-4000-8000-${number.toString(16).padStart(12, '0')}`

/** As it lies on `events-raw`; `offset` of the log. */
export function storedOf(app: string, offset: number, happening: Happening): Stored {
  const { type, player, kind, direct: told, at, event } = happening
  return {
    ...(told === undefined
      ? { offset }
      : { fingerprint: told.says.toString(16).padStart(16, '0') }),
    ...(kind === undefined ? {} : { kind }),
    app,
    event_id: told ? uuid(1_000 + told.id) : kind === undefined ? uuid(offset) : null,
    ...{ event_type: type, player_id: player, occurred_at: at, sent_at: null },
    ...{ received_at: NOON + 300_000 + offset, corrected_at: at, flags: [], sdk: null },
    ...{ source: 'http', event },
  }
}

export const recordOf = (topic: string, stored: Stored): NewRecord => ({
  ...{ topic, headers: ENVELOPE, timestamp: stored.received_at, value: JSON.stringify(stored) },
  key: keyOf(stored.app, stored.player_id, stored.event_id ?? `offset ${stored.offset}`),
})

/** The same in one process: `event part` → where it counts, and what is rejected. */
export function inOrder(log: readonly Stored[]) {
  const apply = compileRules([...RULES, ...RULES_OF_STUDIO])
  const inits = new Map<string, Init>()
  const ids = new Map<string, string | undefined>()
  const enriched = new Map<string, unknown>()
  const rejected = new Set<string>()
  log.forEach((stored, index) => {
    const record = logRecordOf(stored, index)
    if (stored.fingerprint !== undefined) {
      const id = String(stored.event_id)
      if (ids.has(id)) {
        if (ids.get(id) !== stored.fingerprint) {
          rejected.add(`event-id-conflict ${id} ${JSON.stringify(stored.event)}`)
        }
        return
      }
      ids.set(id, stored.fingerprint)
    }
    const verdict = enrich(record, (_, player) => inits.get(player) ?? null, apply)
    if (verdict.kind === 'rejected') {
      rejected.add(`${verdict.reason} ${stored.event_id} ${JSON.stringify(stored.event)}`)
    }
    if (verdict.kind !== 'enriched') return
    const { event } = verdict
    const [first] = event.players
    if (verdict.init && first) {
      const before = inits.get(first.id)
      if (!before || verdict.init.correctedAt >= before.correctedAt) {
        inits.set(first.id, verdict.init)
      }
    }
    const places = event.players.length === 0 ? [null] : event.players
    places.forEach((player, part) => {
      enriched.set(`${event.event_id} ${part}`, {
        ...{ event_type: event.event_type, user_id: player?.id ?? null, kind: event.kind },
        country_code: player?.country_code ?? event.country_code,
        platform: player?.platform ?? event.platform,
        revenue: dollarsOf(event.purchase),
      })
    })
  })
  return { enriched, rejected }
}

/** EUR has a rate, CHF none. */
function dollarsOf(
  purchase: { readonly amount_micros: number; readonly currency: string } | null,
): number | null {
  if (purchase === null || purchase.currency === 'CHF') return null
  if (purchase.currency === 'USD') return purchase.amount_micros
  return Number((BigInt(purchase.amount_micros) * 10_832n + 5_000n) / 10_000n)
}
