// Random events of a few players around a midnight: the report is what a model counts event by event,
// and what one query over the raw events of the lake counts, which knows nothing of quality.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { countryOf as countryOfCode } from '../../packages/server/src/quality/quality.ts'
import {
  type DailyUsers,
  dailyUsers,
} from '../../packages/server/src/reports/daily-users/daily-users.ts'
import { openTestLake, type TestLake } from './open-test-lake.ts'

const MIDNIGHT = Date.UTC(2026, 2, 2)
const ALL = '(ALL)'
const nameOf = (code: string): string => countryOfCode(code).name

type Event = {
  readonly kind: 'game' | 'free' | 'server'
  readonly app: string
  readonly type: string
  readonly player: string | null
  readonly at: number
  readonly fields: Readonly<Record<string, unknown>>
}
type Place = { readonly country: string; readonly platform: string }

const upper = (said: unknown): string => String(said).trim().toUpperCase()
const CODES = new Set(['PT', 'US', 'DE'])
const countryOf = (said: unknown): string => (CODES.has(upper(said)) ? upper(said) : 'UNKNOWN')

/** Whom an event makes active and where: by what it says, else by the player's newest init before it. */
function* active(events: readonly Event[], index: number): Generator<Place & { id: string }> {
  const { kind, app, type, player, fields } = events[index] as Event
  if (kind === 'server') return
  const place = (id: string, country: unknown, platform: unknown) => {
    const inits = events
      .slice(0, index)
      .filter(
        (each) =>
          each.kind === 'game' && each.type === 'init' && each.app === app && each.player === id,
      )
    const newest = inits.reduce<Event | undefined>(
      (best, each) => (!best || each.at >= best.at ? each : best),
      undefined,
    )
    return {
      id,
      country: country === undefined ? countryOf(newest?.fields['country']) : countryOf(country),
      platform:
        platform === undefined
          ? newest
            ? upper(newest.fields['platform'])
            : 'UNKNOWN'
          : upper(platform),
    }
  }
  if (kind === 'free') yield place(String(player), undefined, undefined)
  else if (type === 'match') {
    for (const side of ['user-a', 'user-b']) {
      const block = fields[`${side}-postmatch-info`] as { platform: string } | undefined
      yield place(String(fields[side]), undefined, block?.platform)
    }
  } else yield place(String(player), fields['country'], fields['platform'])
}

/** Every set of users, by the place that it is counted for. */
function model(events: readonly Event[]): Readonly<Record<string, number>> {
  const users = new Map<string, Set<string>>()
  events.forEach(({ app, at }, index) => {
    const date = new Date(at).toISOString().slice(0, 10)
    for (const { id, country, platform } of active(events, index)) {
      for (const key of [
        [country, platform],
        [country, ALL],
        [ALL, platform],
        [ALL, ALL],
      ]) {
        const name = [date, ...key].join(' ')
        users.set(name, (users.get(name) ?? new Set()).add(`${app} ${id}`))
      }
    }
  })
  return Object.fromEntries([...users].map(([name, set]) => [name, set.size]))
}

const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined })
const player = fc.constantFrom('ana', 'bo', '7')
const country = fc.constantFrom('pt', ' US', 'de', 'ZZ')
const platform = fc.constantFrom('ios', 'Android', ' web ')
const base = {
  app: fc.constantFrom('game', 'game', 'other'),
  at: fc.integer({ min: -90, max: 90 }).map((minutes) => MIDNIGHT + minutes * 60_000),
}
const side = maybe(fc.record({ platform }))
const match = fc
  .record({
    'user-a': player,
    'user-b': player,
    'user-a-postmatch-info': side,
    'user-b-postmatch-info': side,
  })
  .filter((fields) => fields['user-a'] !== fields['user-b'])
const game = (
  type: string,
  fields: fc.Arbitrary<Readonly<Record<string, unknown>>>,
  from: fc.Arbitrary<string | null> = player,
) =>
  fc.record({
    ...base,
    kind: fc.constant('game' as const),
    type: fc.constant(type),
    player: from,
    fields,
  })
const ANY_EVENT: fc.Arbitrary<Event> = fc.oneof(
  game('init', fc.record({ country, platform })),
  game('session_start', fc.record({ country: maybe(country), platform: maybe(platform) })),
  game('match', match, fc.constant(null)),
  fc
    .record({
      ...base,
      kind: fc.constantFrom('free' as const, 'server' as const),
      type: fc.constantFrom('level_up', 'init'),
      player,
      fields: fc.constant({ country: 'pt', platform: 'ios' }),
    })
    .map((event) => (event.kind === 'server' ? { ...event, type: 'earn' } : event)),
)

async function write(lake: TestLake, events: readonly Event[]): Promise<void> {
  for (const event of events) {
    if (event.kind === 'game') await lake.log.games(event)
    else await lake.log.plain({ ...event, payload: event.fields })
  }
}

const named = (rows: readonly DailyUsers[]): Readonly<Record<string, number>> =>
  Object.fromEntries(
    rows.map((row) => [[row.date, row.country_code, row.platform].join(' '), row.distinct_users]),
  )

/** The query that docs/lake.md shows. */
function overRawEvents(): string {
  const page = readFileSync(join(import.meta.dirname, '../../docs/lake.md'), 'utf8')
  const [, sql] = /```sql\n-- Daily users over raw events\n([^`]+)```/.exec(page) ?? []
  if (!sql) throw new Error('docs/lake.md has no query over raw events')
  return sql
}

describe('daily users of random events', () => {
  it('are those of the model, and of a query over the raw events', async () => {
    const sql = overRawEvents()
    const property = fc.asyncProperty(
      fc.array(ANY_EVENT, { minLength: 1, maxLength: 40 }),
      fc.integer({ min: 1, max: 20 }),
      async (events, batchEvents) => {
        const lake = await openTestLake()
        try {
          await write(lake, events)
          await lake.bring({ batchEvents })
          const rows = await lake.read((opened) =>
            dailyUsers(opened, { from: null, to: null, app: null }, nameOf),
          )
          const expected = model(events)
          expect(named(rows)).toEqual(expected)
          const raw = await lake.rows(sql)
          expect(
            Object.fromEntries(
              raw.map((row) => [
                [row['date'], row['country'], row['platform']].join(' '),
                Number(row['distinct_users']),
              ]),
            ),
          ).toEqual(
            Object.fromEntries(Object.entries(expected).filter(([name]) => !name.includes(ALL))),
          )
        } finally {
          await lake.close()
        }
      },
    )
    await fc.assert(property, { numRuns: 25 })
  }, 240_000)

  it('are of the days and the app that were asked for, in the order of a report', async () => {
    const lake = await openTestLake()
    await lake.log.games(
      { type: 'init', player: 'ana', at: MIDNIGHT - 1, fields: { country: 'pt', platform: 'ios' } },
      { type: 'session_start', player: 'ana', at: MIDNIGHT, fields: { platform: 'web' } },
      { type: 'session_start', player: 'ana', at: MIDNIGHT },
      {
        type: 'session_start',
        player: 'ana',
        app: 'other',
        at: MIDNIGHT,
        fields: { country: 'de', platform: 'ios' },
      },
      { type: 'session_start', player: 'bo', at: MIDNIGHT + 86_400_000 },
    )
    await lake.bring()
    const day = '2026-03-02'
    const one = { date: day, country: 'Portugal', country_code: 'PT', distinct_users: 1 }
    const all = { date: day, country: ALL, country_code: ALL, distinct_users: 1 }
    const report = (app: string | null) =>
      lake.read((opened) => dailyUsers(opened, { from: day, to: day, app }, nameOf))
    expect(await report('game')).toEqual([
      { ...one, platform: 'IOS' },
      { ...one, platform: 'WEB' },
      // One player with two platforms is one user of the country, and of the day.
      { ...one, platform: ALL },
      { ...all, platform: 'IOS' },
      { ...all, platform: 'WEB' },
      { ...all, platform: ALL },
    ])
    // The same id in another app is another user.
    expect((await report(null)).at(-1)).toEqual({ ...all, platform: ALL, distinct_users: 2 })
    await lake.close()
  })
})
