import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DATABASES } from '../database.ts'
import { expectProblem } from '../http/problem.ts'
import { startServer, type TestServer } from '../http/server.ts'
import { type EventStream, openStream } from './event-stream.ts'
import { logOf, NOON } from './game-log.ts'

const MINUTE = 60_000
const minute = (n: number): string => new Date(NOON + n * MINUTE).toISOString()
const RANGE = `from=${minute(0)}&to=${minute(10)}`

const PLACES = [
  ...DATABASES.map((database) => ({ ...database, sharesAnalytics: false })),
  { ...DATABASES[1], name: 'postgres, with analytics there', sharesAnalytics: true },
]

describe.each(PLACES)('live numbers on $name', ({ sharesAnalytics, ...database }) => {
  let server: TestServer
  let log: ReturnType<typeof logOf>
  const streams: EventStream[] = []

  beforeAll(async () => {
    server = await startServer(database, {
      ...{ sharesAnalytics, settings: { CONSUMERS: 'on' } },
    })
    log = logOf(server.books)
    await log.games(
      { type: 'init', player: 'ana', fields: { country: 'pt', platform: 'ios' } },
      { type: 'init', player: 'bo', fields: { country: 'US', platform: 'android' } },
      aPurchase('ana', 0, 4_990_000),
      aPurchase('bo', 0, 1_000_000),
      aPurchase('bo', 2, 9_007_199_254_740_991),
      aPurchase('bo', 2, 9_007_199_254_740_991),
      aPurchase('ana', 1, 2_000_000, 'EUR'),
      {
        type: 'match',
        at: NOON + MINUTE,
        fields: { 'user-a': 'ana', 'user-b': 'bo', 'user-a-postmatch-info': { platform: 'ios' } },
      },
    )
    await log.games({ ...aPurchase('eve', 1, 500_000), app: 'another-game' })
    await visible(9)
  })
  afterAll(async () => {
    for (const stream of streams) stream.close()
    await server.stop()
  })

  const get = (path: string, token = server.keys.operator) => server.send(path, { token })
  /** Once so many events are in the numbers. */
  const visible = async (events: number): Promise<void> => {
    for (;;) {
      const { body } = await get(`/v1/kpi/days?from=2026-03-01&to=2026-03-02&metric=events_by_type`)
      const [day] = body['days'] as { events_by_type: { count: number }[] }[]
      const count = (day?.events_by_type ?? []).reduce((sum, each) => sum + each.count, 0)
      if (count >= events) return
      await sleep(50)
    }
  }
  const follow = async (query = '', headers: Record<string, string> = {}): Promise<EventStream> => {
    const stream = await openStream(`${server.url}/v1/kpi/stream${query}`, {
      authorization: `Bearer ${server.keys.operator}`,
      ...headers,
    })
    streams.push(stream)
    return stream
  }

  test('a minute shows purchases, revenue, users, matches and what has no rate', async () => {
    const { body, text } = await get(`/v1/kpi/minutes?${RANGE}`)
    expect([body['from'], body['to']]).toEqual([minute(0), minute(10)])
    const [first, second, ...rest] = body['minutes'] as unknown[]
    expect(first).toEqual({
      minute: minute(0),
      purchases: 2,
      revenue_usd_micros: 5_990_000,
      users: 2,
      matches: 0,
      revenue_by_country: [
        { country: 'Portugal', country_code: 'PT', revenue_usd_micros: 4_990_000 },
        { country: 'United States', country_code: 'US', revenue_usd_micros: 1_000_000 },
      ],
      matches_by_country: [],
      events_by_type: [
        { event_type: 'init', count: 2 },
        { event_type: 'purchase', count: 2 },
      ],
      unconverted: [],
    })
    expect(second).toMatchObject({
      minute: minute(1),
      purchases: 2,
      revenue_usd_micros: 500_000,
      users: 3,
      matches: 1,
      events_by_type: [
        { event_type: 'purchase', count: 2 },
        { event_type: 'match', count: 1 },
      ],
      matches_by_country: [
        { country: 'Portugal', country_code: 'PT', matches: 1 },
        { country: 'United States', country_code: 'US', matches: 1 },
      ],
      unconverted: [{ currency: 'EUR', amount_micros: 2_000_000 }],
    })
    expect(rest.length).toBe(1)
    // Beyond what a double holds, digit by digit.
    expect(text).toContain('"revenue_usd_micros":18014398509481982')
  })

  test('hours and days count users anew', async () => {
    const hours = (await get(`/v1/kpi/hours?${RANGE}`)).body['hours']
    expect(hours).toMatchObject([{ hour: minute(0), users: 3, purchases: 6, matches: 1 }])
    const days = (await get('/v1/kpi/days?from=2026-03-01&to=2026-03-05')).body['days']
    expect(days).toMatchObject([{ day: '2026-03-01', users: 3, purchases: 6 }])
  })

  test.each([
    ['country=PT', { purchases: 1, revenue_usd_micros: 4_990_000, users: 1 }],
    ['country=united%20states', { purchases: 1, revenue_usd_micros: 1_000_000, users: 1 }],
    ['platform=Android', { purchases: 1, revenue_usd_micros: 1_000_000, users: 1 }],
    ['country=PT&platform=ios', { purchases: 1, users: 1 }],
    ['app=game', { purchases: 2, users: 2 }],
  ])('%s is a part of it', async (filter, figures) => {
    const { body } = await get(`/v1/kpi/minutes?from=${minute(0)}&to=${minute(1)}&${filter}`)
    expect(body['minutes']).toMatchObject([figures])
  })

  test('one metric comes alone, and windows without it are left out', async () => {
    const { body } = await get(`/v1/kpi/minutes?${RANGE}&metric=matches`)
    expect(body['minutes']).toEqual([{ minute: minute(1), matches: 1 }])
  })

  test('an app without anything and an empty range are empty lists', async () => {
    expect((await get(`/v1/kpi/minutes?${RANGE}&app=none`)).body['minutes']).toEqual([])
    const { body } = await get(`/v1/kpi/minutes?from=${minute(0)}&to=${minute(0)}`)
    expect(body['minutes']).toEqual([])
  })

  test('a key of one app sees that app, and no other by name', async () => {
    const { key } = await server.books.accounts.keys.create({
      scope: 'operator',
      app: 'another-game',
    })
    const { body } = await get(`/v1/kpi/minutes?${RANGE}`, key)
    expect(body['minutes']).toMatchObject([{ minute: minute(1), purchases: 1, users: 1 }])
    expectProblem(await get(`/v1/kpi/minutes?${RANGE}&app=game`, key), 'forbidden')
    expectProblem(await get('/v1/loss?app=game', key), 'forbidden')
  })

  test.each([
    ['minutes', `from=${minute(1)}&to=${minute(0)}`],
    ['minutes', 'from=2026-01-01&to=2026-03-01'],
    ['hours', 'from=noon'],
    ['days', 'metric=money'],
  ])('%s?%s is refused', async (grain, query) => {
    expectProblem(await get(`/v1/kpi/${grain}?${query}`), 'invalid-request')
  })

  test('the stream sends minutes as they change, and resumes after the last id', async () => {
    const stream = await follow('?app=game')
    expect(stream.response.headers['content-type']).toBe('text/event-stream')
    const before = await stream.take(3)
    await log.games(aPurchase('ana', 5, 1_000_000))
    const all = await stream.take(before.length + 1)
    const last = all.at(-1)
    expect(last).toMatchObject({
      event: 'minute',
      data: { minute: minute(5), purchases: 1, revenue_usd_micros: 1_000_000, users: 1 },
    })
    stream.close()

    await log.games(aPurchase('bo', 5, 3_000_000), aPurchase('bo', 6, 3_000_000))
    await log.games(aPurchase('bo', 6, 4_000_000))
    const resumed = await follow('?app=game', { 'last-event-id': last?.id ?? '' })
    // What one change and another make of a minute may come as one.
    await expect.poll(() => resumed.text()).toContain('"revenue_usd_micros":7000000')
    const events = await resumed.take(2)
    expect(events.map(({ data }) => data['minute'])).not.toContain(minute(0))
    expect(events.at(-1)?.data).toMatchObject({ minute: minute(6), revenue_usd_micros: 7_000_000 })
    expect(Number(events.at(-1)?.id)).toBeGreaterThan(Number(last?.id))
  })

  test('a rate that is imported restates the minute, in the numbers and in the stream', async () => {
    const stream = await follow('?metric=unconverted', { 'last-event-id': '999999999' })
    const payload = { date: '2026-03-01', usd_per_unit: { EUR: '1.0832005' } }
    const headAfter = (await log.plain({ type: 'rates', payload })).offset
    const resumed = await follow('?metric=unconverted', { 'last-event-id': String(headAfter - 1) })
    const [event] = await resumed.take(1)
    expect(event?.data).toEqual({ minute: minute(1), unconverted: [] })
    const { body } = await get(`/v1/kpi/minutes?from=${minute(1)}&to=${minute(2)}`)
    // 2 EUR are 2.166401 dollars, and half a dollar was there.
    expect(body['minutes']).toMatchObject([{ revenue_usd_micros: 2_666_401, unconverted: [] }])
    expect(stream.text()).toBe(':\n\n')
  })

  test('a stream that nobody reads costs nothing and loses nothing', async () => {
    const slow = await follow('?app=game', { 'last-event-id': '0' })
    slow.response.pause()
    for (let n = 0; n < 5; n += 1) await log.games(aPurchase('ana', 8, 1_000_000))
    await visible(18)
    slow.response.resume()
    await expect
      .poll(() => slow.text(), { timeout: 5_000 })
      .toContain(`"minute":"${minute(8)}","purchases":5`)
  })

  test('measured loss is of the version before the gap', async () => {
    const of = (seq: number, app_version: string) => ({
      type: 'session_start',
      player: 'ana',
      app: 'counted',
      fields: { device_id: 'd', seq, app_version, platform: 'ios' },
    })
    await log.games(of(3, '1.0'), of(4, '1.0'), of(8, '1.1'), of(7, '1.1'))
    await expect
      .poll(async () => (await get('/v1/loss?app=counted')).text, { timeout: 5_000 })
      .toContain('1.1')
    const rows: unknown = JSON.parse((await get('/v1/loss?app=counted')).text)
    const sdk = 'questline-js/1.0.0'
    expect(rows).toEqual([
      // 1 and 2 before the first, 5 and 6 after it.
      { app: 'counted', sdk, version: '1.0', sent: 6, received: 2, lost: 4, loss_ratio: 4 / 6 },
      { app: 'counted', sdk, version: '1.1', sent: 2, received: 2, lost: 0, loss_ratio: 0 },
    ])
  })

  test('what arrived and was refused is not lost, also while nothing follows it', async () => {
    const purchase = (seq: number, fields: object = {}) => ({
      ...{ event_type: 'purchase', event_id: idOf(seq), occurred_at: minute(0), player_id: 'ana' },
      ...{ platform: 'ios', product_id: 'gems', quantity: 1, amount_micros: 1, currency: 'USD' },
      ...{ device_id: 'of refused', seq, app_version: '2.0', store: 's', ...fields },
    })
    const send = async (...events: object[]) => {
      const token = server.keys.ingest
      const { body } = await server.send('/v1/events', { method: 'POST', token, body: { events } })
      return (body['results'] as { status: string }[]).map(({ status }) => status)
    }
    const loss = async () => {
      const rows: unknown = JSON.parse((await get('/v1/loss?app=my-game')).text)
      return (rows as { version: string }[]).filter(({ version }) => version === '2.0')
    }
    const first = [purchase(1, { transaction_id: 't' }), purchase(2, { platform: 'abacus' })]
    expect(await send(...first)).toEqual(['accepted', 'rejected'])
    // An id that stood for something else, and a store's transaction that came again, right and wrong.
    expect(await send(purchase(3, { event_id: idOf(1) }))).toEqual(['conflict'])
    expect(await send(purchase(4, { transaction_id: 't' }))).toEqual(['duplicate'])
    const wrong = purchase(5, { transaction_id: 't', amount_micros: 2 })
    expect(await send(wrong, purchase(7))).toEqual(['conflict', 'accepted'])
    const row = { app: 'my-game', sdk: null, version: '2.0', lost: 1 }
    await expect.poll(loss).toEqual([{ ...row, sent: 7, received: 6, loss_ratio: 1 / 7 }])
    // Sent again, it counts once; what never was a number counts not at all.
    const rest = [purchase(8, { platform: 'abacus' }), purchase(9, { seq: 'nine' })]
    for (let n = 0; n < 2; n += 1) expect(await send(...rest)).toEqual(['rejected', 'rejected'])
    expect(await loss()).toEqual([{ ...row, sent: 8, received: 7, loss_ratio: 1 / 8 }])
    expect(await send(purchase(6), purchase(9))).toEqual(['accepted', 'accepted'])
    await expect.poll(loss).toEqual([{ ...row, lost: 0, sent: 9, received: 9, loss_ratio: 0 }])
  })

  test('a server that stops ends its streams', async () => {
    const stream = await follow('', { 'last-event-id': '999999999' })
    await server.halt()
    await stream.ended
  })
})

const idOf = (n: number): string => `0199a1b2-c3d4-7e5f-8a6b-${String(n).padStart(12, '0')}`

const aPurchase = (player: string, at: number, amount: number, currency = 'USD') => ({
  type: 'purchase',
  player,
  at: NOON + at * MINUTE,
  fields: { product_id: 'gems', amount_micros: amount, currency },
})
