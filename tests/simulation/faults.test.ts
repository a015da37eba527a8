// A comparison that finds nothing proves nothing, unless it finds each of these.
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { logRates } from '../../packages/server/src/cli/rates.ts'
import type { Fetch, SimulationSettings } from '../../packages/server/src/simulate/simulate.ts'
import { freshSqlite } from '../database.ts'
import { startServer, type TestServer } from '../http/server.ts'
import { createPassingTime } from './passing-time.ts'
import { direct, playOn } from './played-game.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const passing = createPassingTime(Math.floor(Date.now() / DAY) * DAY - DAY + 6 * HOUR)
/** Two currencies have rates for the one day that is played, the others have none. */
const DATE = new Date(passing.clock.now()).toISOString().slice(0, 10)
const USD_PER_UNIT = { EUR: '1.08325', JPY: '0.006641' }
const RATES: ReadonlyMap<string, string> = new Map(
  Object.entries(USD_PER_UNIT).map(([currency, rate]) => [`${DATE} ${currency}`, rate]),
)
let server: TestServer
beforeAll(async () => {
  server = await startServer(
    { name: 'sqlite', fresh: freshSqlite },
    { settings: { CONSUMERS: 'on' }, world: { clock: passing.clock } },
  )
  await logRates(server.books, [{ date: DATE, usdPerUnit: USD_PER_UNIT }])
})
afterAll(() => server.stop())

const GAME = { minutes: 2, rate: 1, players: 6, edgeMs: 0, patienceMs: 700, rates: RATES }

const play = (
  fetch: Fetch,
  ask: typeof globalThis.fetch = globalThis.fetch,
  settings: Partial<SimulationSettings> = {},
) =>
  playOn(
    server,
    { ...GAME, ...settings },
    { time: passing.time, fetch: passing.holding(fetch), ask },
  )

type Event = Readonly<Record<string, unknown>>
type Batch = { events: Event[] }

/** Patience that is counted in looks, not in the machine's time, and used up by the first pause. */
function createCountedPatience(looks: number) {
  let at = 0
  return {
    settings: { patienceMs: looks },
    parts: {
      monotonic: () => (at += 1),
      pause: async () => {
        at += looks
      },
    },
  }
}

/** Changes what arrives of the first batch that holds such an event. */
function changing(type: string, change: (batch: Batch, index: number) => Event[]): Fetch {
  let done = false
  return async (url, request) => {
    const { body = '' } = request
    const text = typeof body === 'string' ? body : gunzipSync(body).toString()
    const batch: Batch = JSON.parse(text)
    const index = batch.events.findIndex((event) => event['event_type'] === type)
    if (done || index < 0) return fetch(url, request)
    done = true
    const { 'content-encoding': _, ...headers } = request.headers
    const answer = await fetch(url, {
      ...{ ...request, headers },
      body: JSON.stringify({ events: change(batch, index) }),
    })
    const results = batch.events.map(({ event_id }) => ({ event_id, status: 'accepted' }))
    return Response.json({ results }, { status: answer.status })
  }
}

/** Changes an answer of the server to operators. */
const answering =
  (path: string, change: (text: string) => string): typeof globalThis.fetch =>
  async (input) => {
    const answer = await fetch(input, {
      headers: { authorization: `Bearer ${server.keys.operator}` },
    })
    const text = await answer.text()
    const isMeant = new URL(String(input)).pathname === path
    return new Response(isMeant ? change(text) : text, { status: answer.status })
  }

/** Only the last number of them: after the game, not before. */
const lastNumber = (name: string) => (text: string) => {
  const at = text.lastIndexOf(`"${name}":`)
  if (at < 0) return text
  const after = text.slice(at).replace(/:(\d+)/, (_all, digits) => `:${Number(digits) + 1}`)
  return text.slice(0, at) + after
}

describe('a game', () => {
  it('finds nothing where nothing is wrong, also when others were played before', async () => {
    for (const seed of ['one', 'two']) {
      expect(await play(direct, globalThis.fetch, { seed, patienceMs: 20_000 })).toMatchObject({
        ...{ faults: [], differences: [], right: true },
      })
    }
  })

  it('plays the same again for the same seed and start, and another for another seed', async () => {
    const bodies = async (seed: string): Promise<string[]> => {
      const ids = new Set<string>()
      const unreachable: Fetch = async (_url, request) => {
        const { body = '' } = request
        const text = typeof body === 'string' ? body : gunzipSync(body).toString()
        const { events }: Batch = JSON.parse(text)
        for (const { event_id, event_type } of events) ids.add(`${event_type} ${event_id}`)
        const results = events.map((event) => ({ event_id: event['event_id'], status: 'accepted' }))
        return Response.json({ results })
      }
      const { time } = createPassingTime(Date.UTC(2026, 2, 1))
      const { settings, parts } = createCountedPatience(1_000)
      await playOn(server, { ...GAME, ...settings, seed }, { ...parts, time, fetch: unreachable })
      return [...ids].sort()
    }
    const one = await bodies('one')
    expect(one.length).toBeGreaterThan(100)
    expect(await bodies('one')).toEqual(one)
    expect(await bodies('two')).not.toEqual(one)
  })

  const PLAIN = { bad: 0, duplicates: 0, offline: 0, late: 0, skew: false }
  it.each([
    [
      'an event that was accepted and dropped',
      changing('match', ({ events }, index) => events.toSpliced(index, 1)),
      /events_by_type match/,
    ],
    [
      'a purchase that counts twice',
      changing('in-app-purchase', ({ events }, index) => [
        ...events,
        { ...events[index], event_id: crypto.randomUUID() },
      ]),
      /revenue_usd_micros/,
    ],
    [
      'a purchase of another amount, by a micro',
      changing('purchase', ({ events }, index) =>
        events.with(index, {
          ...events[index],
          amount_micros: Number(events[index]?.['amount_micros']) + 1,
        }),
      ),
      /revenue_usd_micros|unconverted/,
    ],
    [
      'an init that never came',
      changing('init', ({ events }, index) => events.toSpliced(index, 1)),
      /daily_users .* UNKNOWN|events_by_type init/,
    ],
  ])('finds %s', async (_what, fetch, name) => {
    const game = await play(fetch, globalThis.fetch, { ...PLAIN, seed: 'faults' })
    expect(game.right).toBe(false)
    expect(game.differences.map(({ what }) => what)).toContainEqual(expect.stringMatching(name))
  })

  it.each([
    ['/v1/kpi/minutes', 'revenue_usd_micros', /^minute .* revenue_/],
    ['/v1/kpi/hours', 'users', /^hour .* users/],
    ['/v1/loss', 'lost', /^loss .* lost/],
  ])('finds that %s says one more of %s', async (path, name, what) => {
    // Every second answer, since what was there before is taken off.
    let asked = 0
    const change = (text: string): string => {
      asked += 1
      return asked === 1 ? text : lastNumber(name)(text)
    }
    const game = await play(direct, answering(path, change), { ...PLAIN, seed: path })
    expect(game.differences.map((found) => found.what)).toContainEqual(expect.stringMatching(what))
  })

  it('compares only minutes where told to, and says what it does not compare', async () => {
    const noHours = async (...of: Parameters<typeof fetch>): Promise<Response> =>
      /kpi\/(hours|days)/.test(String(of[0])) ? Response.json({}) : fetch(...of)
    const settings = { ...PLAIN, seed: 'only-minutes' }
    const game = await play(direct, noHours, { ...settings, grains: ['minute'] })
    expect(game).toMatchObject({ right: true, notCompared: ['hour', 'day'] })
    const whole = await play(direct, noHours, { ...settings, seed: 'all-grains' })
    expect(whole).toMatchObject({ right: false, notCompared: [] })
    expect(whole.differences.every(({ what }) => /^(hour|day|daily_users) /.test(what))).toBe(true)
  })

  it('finds that its own truth is wrong: by a rate with another last digit', async () => {
    const rates = new Map([...RATES, [`${DATE} EUR`, '1.08326']])
    const game = await play(direct, globalThis.fetch, { ...PLAIN, rates, seed: 'rates' })
    expect(game.differences.map(({ what }) => what)).toContainEqual(
      expect.stringMatching(/revenue_usd_micros/),
    )
  })

  it('finds an event that is accepted twice', async () => {
    const silent: Fetch = async (url, request) => {
      const answer = await fetch(url, request)
      const text = (await answer.text()).replaceAll('"duplicate"', '"accepted"')
      return new Response(text, { status: answer.status })
    }
    const twice = await play(silent, globalThis.fetch, { ...PLAIN, duplicates: 1, seed: 'twice' })
    expect(twice.faults.join()).toMatch(/was accepted twice/)
  })
})
