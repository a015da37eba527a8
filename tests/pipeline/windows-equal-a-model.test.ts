// Random logs, cut into random batches, by processes that forget everything in between: the numbers
// are those of a model that counts event by event.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readKpi } from '../../packages/server/src/windows/windows.ts'
import { freshSqlite } from '../database.ts'
import { plainSql } from '../plain-sql.ts'
import { ANALYTICS, openTestAnalytics, testConsumers } from './consumers.ts'
import { type GameLog, openGameLog } from './game-log.ts'
import { type Figures, figuresOf, type Logged } from './model.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const MIDNIGHT = Date.UTC(2026, 2, 2)

/** Around a midnight, so that late events, equal times and both of two days are common. */
const time = fc
  .record({
    minutes: fc.oneof(fc.integer({ min: -70, max: 70 }), fc.constantFrom(-1, 0, 1)),
    ms: fc.constantFrom(0, 1, 59_999),
  })
  .map(({ minutes, ms }) => MIDNIGHT + minutes * MINUTE + ms)
const player = fc.constantFrom('ana', 'bo', '7')
const country = fc.constantFrom('pt', 'PT ', 'UK', 'us', 'ZZ', 'Q', 'atlantis')
const platform = fc.constantFrom('ios', 'Android', ' web ')
const app = fc.constantFrom('game', 'game', 'game', 'other')
const currency = fc.constantFrom('USD', 'EUR', 'JPY')
const rate = fc
  .tuple(fc.integer({ min: 0, max: 200 }), fc.integer({ min: 1, max: 999_999 }))
  .map(([whole, fraction]) => `${whole}.${String(fraction).padStart(6, '0')}`)
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined })

const base = { app, at: time }
const game = (type: string, fields: Record<string, fc.Arbitrary<unknown>>) =>
  fc.record({
    ...base,
    kind: fc.constant('game' as const),
    type: fc.constant(type),
    player,
    fields: fc.record(fields),
  })
const raw = (type: string, fields: Record<string, fc.Arbitrary<unknown>>) =>
  game(type, fields).map((event): Logged => ({ ...event, player: null }))
const side = fc.record({ platform, 'level-after-match': fc.nat(9) })
const rawUser = fc.oneof(player, fc.constant(7))

const ANY_EVENT: fc.Arbitrary<Logged> = fc.oneof(
  game('init', { country, platform }),
  raw('init', { country, platform, 'user-id': rawUser }),
  game('session_start', { country: maybe(country), platform: maybe(platform) }),
  game('purchase', {
    amount_micros: fc.nat(20_000_000),
    currency,
    product_id: fc.constant('gems'),
    country: maybe(country),
    platform: maybe(platform),
  }),
  raw('in-app-purchase', {
    'user-id': rawUser,
    purchase_value: fc.nat(9_999).map((cents) => cents / 100),
    'product-id': fc.constant('coins'),
  }),
  raw('match', {
    'user-a': player,
    'user-b': player,
    'user-a-postmatch-info': side,
    'user-b-postmatch-info': maybe(side),
  }),
  fc.record({
    ...base,
    kind: fc.constant('free' as const),
    type: fc.constantFrom('level_up', 'purchase'),
    player,
    fields: fc.constant({ amount_micros: 5, country: 'pt' }),
  }),
  fc.record({
    ...base,
    kind: fc.constant('server' as const),
    type: fc.constantFrom('earn', 'af_purchase'),
    player,
    fields: fc.constant({ amount: 5 }),
  }),
  fc.record({
    ...base,
    kind: fc.constant('server' as const),
    type: fc.constant('rates'),
    player: fc.constant(null),
    fields: fc.record({
      date: fc.constantFrom('2026-03-01', '2026-03-02'),
      usd_per_unit: fc.oneof(fc.record({ EUR: rate }), fc.record({ EUR: rate, JPY: rate })),
    }),
  }),
)

/** How the log is written and read: commits of so many events, batches of so many, a process for so many. */
const CUTS = fc.record({
  commit: fc.integer({ min: 1, max: 9 }),
  batch: fc.integer({ min: 1, max: 12 }),
  process: fc.integer({ min: 1, max: 40 }),
})

async function write(log: GameLog, events: readonly Logged[], commit: number): Promise<void> {
  for (let first = 0; first < events.length; ) {
    const event = events[first]
    if (!event) return
    if (event.kind !== 'game') {
      const { type, app, player, at, fields } = event
      await log.plain({ type, app, player, at, payload: fields })
      first += 1
      continue
    }
    const end = events.findIndex(
      (each, i) => i > first && (each.kind !== 'game' || i >= first + commit),
    )
    const together = events.slice(first, end < 0 ? events.length : end)
    await log.games(...together)
    first += together.length
  }
}

/** What is said at all of a window, in the words of the model. */
const NOTHING: Figures = {
  ...{ purchases: 0, revenue: 0, users: 0, matches: 0 },
  ...{ events: {}, unconverted: {} },
}

describe('the country of a player', () => {
  it('is that of its newest init before the event; of two at one time, of the later one in the log', async () => {
    const log = await openGameLog({ fresh: freshSqlite })
    const analytics = await openTestAnalytics(log.analyticsFile)
    const init = (country: string, at: number) =>
      ({ type: 'init', player: 'ana', at, fields: { country, platform: 'ios' } }) as const
    const seen = { type: 'session_start', player: 'ana', at: MIDNIGHT }
    await log.games(init('PT', MIDNIGHT), init('DE', MIDNIGHT), seen)
    await log.games(init('US', MIDNIGHT - 1), { ...seen, at: MIDNIGHT + MINUTE })
    await log.games(init('BR', MIDNIGHT + 5 * MINUTE))
    await testConsumers(log.store, { file: log.analyticsFile, analytics }).drain()
    const days = await plainSql(
      `sqlite:///${log.analyticsFile}`,
      "SELECT country_code FROM window_facts WHERE grain = 'day' AND platform = '(ALL)' AND label = 'session_start' AND country_code <> '(ALL)'",
    )
    expect(days.map((row) => row['country_code'])).toEqual(['DE'])
    await analytics.close()
    await log.close()
  })
})

describe.each([
  { ...ANALYTICS[0], runs: 60 },
  // The same code on the same log; the statements are what may differ.
  { ...ANALYTICS[1], runs: 12 },
])('the windows of random events in $name', ({ fresh: freshAnalytics, runs }) => {
  it('are those of the model, for every grain, country and platform', async () => {
    const property = fc.asyncProperty(
      fc.array(ANY_EVENT, { minLength: 1, maxLength: 60 }),
      CUTS,
      async (events, cuts) => {
        const fresh = await openGameLog({ fresh: freshSqlite })
        const place = await freshAnalytics()
        const analytics = await openTestAnalytics(place.at)
        try {
          await write(fresh, events, cuts.commit)
          for (
            let until = cuts.process;
            until < events.length + cuts.process;
            until += cuts.process
          ) {
            const parts = { file: place.at, analytics }
            await testConsumers(fresh.store, parts, { batchEvents: cuts.batch, until }).drain()
          }
          await compare(analytics, events)
        } finally {
          await analytics.close()
          await place.drop()
          await fresh.close()
        }
      },
    )
    await fc.assert(property, { numRuns: runs })
  }, 120_000)
})

const GRAINS = { minute: MINUTE, hour: HOUR, day: DAY } as const
const FILTERS = [null, 'game'].flatMap((app) =>
  [null, 'PT', 'GB', 'UNKNOWN'].flatMap((country) =>
    [null, 'IOS', 'WEB'].map((platform) => ({ app, country, platform })),
  ),
)

async function compare(
  analytics: { read: Parameters<typeof readKpi>[0] },
  events: readonly Logged[],
) {
  const from = MIDNIGHT - DAY
  const to = MIDNIGHT + DAY
  for (const filter of FILTERS) {
    for (const [grain, ms] of Object.entries(GRAINS) as [keyof typeof GRAINS, number][]) {
      const windows = await readKpi(analytics.read, { grain, from, to, ...filter, metric: null })
      const said = new Map(windows.map((window) => [window.start, window]))
      const starts = new Set([...said.keys(), ...events.map(({ at }) => at - (at % ms))])
      for (const start of starts) {
        const expected = figuresOf(events, { from: start, to: start + ms }, filter)
        const window = said.get(start)
        const found: Figures = window
          ? {
              purchases: Number(window.purchases),
              revenue: Number(window.revenue_usd_micros),
              users: Number(window.users),
              matches: Number(window.matches),
              events: Object.fromEntries(
                (window.events_by_type ?? []).map((of) => [of.event_type, Number(of.count)]),
              ),
              unconverted: Object.fromEntries(
                (window.unconverted ?? []).map((of) => [of.currency, Number(of.amount_micros)]),
              ),
            }
          : NOTHING
        expect({ grain, start: new Date(start).toISOString(), filter, ...found }).toEqual({
          ...{ grain, start: new Date(start).toISOString(), filter },
          ...expected,
        })
      }
    }
  }
}
