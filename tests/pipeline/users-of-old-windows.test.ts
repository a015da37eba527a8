// Sets of users that nobody asked for in a long time are let go of: what that leaves as it was, what
// it does not, and that it follows from the log alone.
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { kpiTables } from '../../packages/server/src/cli/kpi-tables.ts'
import { type KpiQuery, readKpi } from '../../packages/server/src/windows/windows.ts'
import { freshSqlite } from '../database.ts'
import { plainSql } from '../plain-sql.ts'
import {
  ANALYTICS,
  type FreshAnalytics,
  openTestAnalytics,
  rowsOf,
  testConsumers,
} from './consumers.ts'
import { type GameEventParts, type GameLog, NOON, openGameLog } from './game-log.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const GRAINS = { minute: MINUTE, hour: HOUR, day: DAY } as const
const KEPT = { minute: 7 * DAY, hour: 35 * DAY, day: 35 * DAY } as const

type Seen = { readonly player: string; readonly at: number; readonly receivedAt: number }
const event = (seen: Seen, fields = {}): GameEventParts => ({
  ...{ type: 'session_start', fields: { country: 'PT', platform: 'ios', ...fields } },
  ...seen,
})

const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

async function openLog(): Promise<GameLog> {
  const log = await openGameLog({ fresh: freshSqlite })
  closers.push(log.close)
  return log
}

/** Counts a log in batches of so many, by a process for so many events. */
async function count(
  log: GameLog,
  fresh: () => Promise<FreshAnalytics>,
  { events, batch, process }: { events: number; batch: number; process: number },
) {
  const { at, drop } = await fresh()
  const analytics = await openTestAnalytics(at)
  try {
    for (let until = process; until < events + process; until += process) {
      await testConsumers(log.store, { file: at, analytics }, { batchEvents: batch, until }).drain()
    }
    const { checkpoints: _, ...rows } = await rowsOf(at)
    return rows
  } finally {
    await analytics.close()
    await drop()
  }
}

type Rows = Awaited<ReturnType<typeof count>>
const windowsOf = (rows: Rows, grain: keyof typeof GRAINS, metric: string) =>
  Object.fromEntries(
    (rows['window_facts'] ?? [])
      .filter(
        (row) =>
          row['grain'] === grain &&
          row['metric'] === metric &&
          row['platform'] === '(ALL)' &&
          row['country_code'] === '(ALL)',
      )
      .map((row) => [Number(row['start']), Number(row['value'])]),
  )
const usersKept = (rows: Rows, grain: string) =>
  (rows['window_users'] ?? []).filter((row) => row['grain'] === grain).map((row) => row['user_id'])
const missed = (rows: Rows, grain: string, start: number) =>
  (rows['window_user_sets'] ?? [])
    .filter((row) => row['grain'] === grain && Number(row['start']) === start)
    .map((row) => Number(row['missed']))

describe.each(ANALYTICS)(
  'users of windows that nothing changed for long, in $name',
  ({ fresh }) => {
    const all = (events: number) => ({ events, batch: 1_000, process: events })

    it('are let go of minute by minute after a week, hour by hour and day by day after 35 days', async () => {
      const log = await openLog()
      const ana = { player: 'ana', at: NOON }
      await log.games(event({ ...ana, receivedAt: NOON }))
      const later = (ms: number) =>
        log.games(event({ player: 'clock', at: NOON + ms, receivedAt: NOON + ms }))
      await later(7 * DAY - HOUR)
      expect(usersKept(await count(log, fresh, all(2)), 'minute')).toEqual(['ana', 'clock'])
      await later(7 * DAY)
      const week = await count(log, fresh, all(3))
      expect(usersKept(week, 'minute')).not.toContain('ana')
      expect(usersKept(week, 'hour')).toContain('ana')
      await later(35 * DAY - HOUR)
      expect(usersKept(await count(log, fresh, all(4)), 'day')).toContain('ana')
      await later(35 * DAY)
      const rows = await count(log, fresh, all(5))
      expect(usersKept(rows, 'hour')).not.toContain('ana')
      expect(usersKept(rows, 'day')).not.toContain('ana')
      // The numbers stay.
      expect(windowsOf(rows, 'minute', 'users')[NOON]).toBe(1)
    })

    it('are not refined any more, which is counted, while all other numbers are', async () => {
      const log = await openLog()
      const bought = { amount_micros: 5, currency: 'USD', product_id: 'gems', quantity: 1 }
      const late = (player: string, receivedAt: number): GameEventParts => ({
        ...event({ player, at: NOON, receivedAt }, bought),
        type: 'purchase',
      })
      await log.games(late('ana', NOON))
      await log.games(late('bo', NOON + 8 * DAY), late('bo', NOON + 8 * DAY))
      await log.games(late('cleo', NOON + 50 * DAY))
      const rows = await count(log, fresh, all(4))
      const day = NOON - (NOON % DAY)
      expect(windowsOf(rows, 'minute', 'users')).toEqual({ [NOON]: 1 })
      expect(windowsOf(rows, 'hour', 'users')).toEqual({ [NOON]: 2 })
      expect(windowsOf(rows, 'day', 'users')).toEqual({ [day]: 2 })
      for (const [grain, start] of [
        ['minute', NOON],
        ['hour', NOON],
        ['day', day],
      ] as const) {
        expect(windowsOf(rows, grain, 'purchases')).toEqual({ [start]: 4 })
        expect(windowsOf(rows, grain, 'revenue_usd_micros')).toEqual({ [start]: 20 })
      }
      expect(missed(rows, 'minute', NOON)).toEqual([3])
      expect(missed(rows, 'hour', NOON)).toEqual([1])
      expect(missed(rows, 'day', day)).toEqual([1])
    })

    it('are shown with how many may be missing, and nothing where none is', async () => {
      const log = await openLog()
      const { at, drop } = await fresh()
      const analytics = await openTestAnalytics(at)
      closers.push(drop, () => analytics.close())
      const late = (player: string, receivedAt: number) => event({ player, at: NOON, receivedAt })
      await log.games(
        late('ana', NOON),
        event({ player: 'bo', at: NOON + MINUTE, receivedAt: NOON + MINUTE }),
      )
      const again = late('bo', NOON + 8 * DAY)
      await log.games(again, late('cleo', NOON + 8 * DAY), { ...again, app: 'other' })
      await testConsumers(log.store, { file: at, analytics }, {}).drain()
      const read = (filter: Partial<KpiQuery>) => {
        const all = { app: null, country: null, platform: null, metric: 'users' } as const
        const range = { from: NOON - (NOON % DAY), to: NOON + DAY }
        return readKpi(analytics.read, { ...all, ...range, grain: 'minute', ...filter })
      }
      const first = { start: NOON, users: 2, users_missed: 2 }
      const second = { start: NOON + MINUTE, users: 1 }
      expect(await read({})).toEqual([first, second])
      expect(await read({ app: 'game' })).toEqual([{ ...first, users: 1 }, second])
      expect(await read({ app: 'other' })).toEqual([{ start: NOON, users: 1 }])
      expect(await read({ grain: 'hour', app: 'game' })).toEqual([{ start: NOON, users: 3 }])
      expect(await read({ metric: 'events_by_type', to: NOON + 1 })).toEqual([
        { start: NOON, events_by_type: [{ event_type: 'session_start', count: 4 }] },
      ])
      const tables = kpiTables(await read({ metric: null }))
      expect(tables.match(/having come too late: at most \d+/g)).toEqual([
        'having come too late: at most 2',
      ])
    })

    it('are all counted where old events come for the first time, however old', async () => {
      const log = await openLog()
      const now = NOON + 400 * DAY
      await log.games(event({ player: 'live', at: now, receivedAt: now }))
      await log.games(
        ...['ana', 'bo', 'ana'].map((player) => event({ player, at: NOON, receivedAt: now })),
      )
      const rows = await count(log, fresh, all(4))
      expect(windowsOf(rows, 'minute', 'users')[NOON]).toBe(2)
      expect(windowsOf(rows, 'day', 'users')[NOON - (NOON % DAY)]).toBe(2)
    })

    it('stay for as long as something comes for them', async () => {
      const log = await openLog()
      for (const [index, player] of ['ana', 'bo', 'ana', 'cleo'].entries()) {
        await log.games(event({ player, at: NOON, receivedAt: NOON + index * 6 * DAY }))
      }
      const rows = await count(log, fresh, all(4))
      expect(windowsOf(rows, 'minute', 'users')).toEqual({ [NOON]: 3 })
      expect(usersKept(rows, 'minute')).toEqual(['ana', 'bo', 'cleo'])
    })
  },
)

/** Users by the rule, event by event. */
function modelUsers(events: readonly Seen[]): Readonly<Record<string, number>> {
  const sets = new Map<string, { users: Set<string>; touchedAt: number }>()
  let hour = 0
  for (const { player, at, receivedAt } of events) {
    hour = Math.max(hour, receivedAt - (receivedAt % HOUR))
    for (const grain of ['minute', 'hour', 'day'] as const) {
      const key = `${grain} ${at - (at % GRAINS[grain])}`
      const set = sets.get(key) ?? { users: new Set(), touchedAt: hour }
      sets.set(key, set)
      if (set.touchedAt + KEPT[grain] <= hour) continue
      set.touchedAt = hour
      set.users.add(player)
    }
  }
  return Object.fromEntries([...sets].map(([key, { users }]) => [key, users.size]))
}

/** Steps in time between two events, some of which close minutes, and some all. */
const step = fc.constantFrom(0, 0, 0, MINUTE, HOUR, 3 * DAY, 4 * DAY, 7 * DAY, 20 * DAY, 35 * DAY)
const seen = fc.record({
  player: fc.constantFrom('ana', 'bo', 'cleo', '7'),
  step,
  // Also clocks of servers that are behind another's.
  behind: fc.constantFrom(0, 0, 2 * HOUR, 8 * DAY),
  minute: fc.constantFrom(-61, -1, 0, 0, 1),
})
const CUTS = fc.record({
  batch: fc.integer({ min: 1, max: 7 }),
  process: fc.integer({ min: 1, max: 9 }),
})

describe.each([
  { ...ANALYTICS[0], runs: 40 },
  { ...ANALYTICS[1], runs: 8 },
])('what is let go of in $name', ({ fresh, runs }) => {
  it('follows from the log alone, in whichever batches and processes it is counted', async () => {
    const property = fc.asyncProperty(
      fc.array(seen, { minLength: 2, maxLength: 30 }),
      CUTS,
      async (steps, cuts) => {
        let now = NOON
        const events = steps.map(({ player, step, behind, minute }): Seen => {
          now += step
          // Old minutes as often as new ones: a late event is any but the newest.
          return {
            player,
            at: NOON + minute * MINUTE,
            receivedAt: Math.max(NOON + HOUR, now - behind),
          }
        })
        const log = await openLog()
        for (const each of events) await log.games(event(each))
        const whole = await count(log, fresh, { events: 30, batch: 1_000, process: 1_000 })
        const cut = await count(log, fresh, { events: events.length, ...cuts })
        expect(cut).toEqual(whole)
        const users = (['minute', 'hour', 'day'] as const).flatMap((grain) =>
          Object.entries(windowsOf(whole, grain, 'users')).map(([start, n]) => [
            `${grain} ${start}`,
            n,
          ]),
        )
        expect(Object.fromEntries(users)).toEqual(modelUsers(events))
      },
    )
    await fc.assert(property, { numRuns: runs })
  }, 120_000)
})

describe('more users than one batch lets go of', () => {
  it('go with the batches that follow', async () => {
    const log = await openLog()
    const { at, drop } = await ANALYTICS[0].fresh()
    closers.push(drop)
    const analytics = await openTestAnalytics(at)
    closers.push(() => analytics.close())
    const consumers = testConsumers(log.store, { file: at, analytics })
    await log.games(event({ player: 'ana', at: NOON, receivedAt: NOON }))
    await consumers.drain()
    const url = `sqlite:///${at}`
    const left = async () => {
      const [row] = await plainSql(
        url,
        `SELECT count(*) AS n FROM window_users WHERE grain = 'minute' AND start = ${NOON}`,
      )
      return Number(row?.['n'])
    }
    await plainSql(
      url,
      `INSERT INTO window_users WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 45000)
      SELECT 'minute', ${NOON}, 'game', 'p' || i, '[]' FROM n`,
    )
    const counts: number[] = []
    for (const ms of [8 * DAY, 8 * DAY + 1, 8 * DAY + 2]) {
      await log.games(event({ player: 'clock', at: NOON + ms, receivedAt: NOON + ms }))
      await consumers.drain()
      counts.push(await left())
    }
    expect(counts).toEqual([25_001, 5_001, 0])
  })
})
