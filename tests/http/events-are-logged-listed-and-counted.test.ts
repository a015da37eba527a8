// Free-form events through HTTP: logging them, listing the own ones, counting those of one or all.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { booksViolations } from '../books-invariants.ts'
import { DATABASES } from '../database.ts'
import { aClock } from '../fresh-accounts.ts'
import { expectProblem, pointersOf } from './problem.ts'
import { startServer, type TestServer } from './server.ts'

const HOUR_MS = 3_600_000

describe.each(DATABASES)('on $name', (database) => {
  const clock = aClock()
  let server: TestServer
  beforeAll(async () => {
    server = await startServer(database, { world: { clock } })
  })
  afterAll(async () => {
    expect(await booksViolations(server.databaseUrl)).toEqual([])
    await server.stop()
  })

  const at = (sinceStartMs: number) => new Date(clock.now() + sinceStartMs).toISOString()
  const log = async (token: string, eventType: string, more: object = {}) => {
    const answer = await server.send('/event', { token, body: { eventType, ...more } })
    expect([answer.status, answer.body]).toEqual([200, { ok: true, eventId: expect.any(Number) }])
    return Number(answer.body['eventId'])
  }
  const list = async (token: string, query = '') =>
    (await server.send(`/events${query}`, { token })).body

  test('an event is listed as it was sent, under the id that it was given', async () => {
    const token = await server.guest('ada')
    const meta = '{"level": 3, "✨": "\\u0041\\\\"}'
    const id = await log(token, 'level.up-1_A', { meta, timestampUtc: '2026-03-01T10:30:00.250Z' })
    expect(await list(token)).toEqual({
      events: [{ id, type: 'level.up-1_A', ts: '2026-03-01T10:30:00.250Z', meta }],
      total: 1,
      limit: 100,
      offset: 0,
      hasMore: false,
      nextCursor: null,
    })
  })

  test('the other names of the routes are the same routes', async () => {
    const token = await server.guest('alias')
    const sent = { token, key: 'one', body: { eventType: 'x' } }
    const first = await server.send('/event', sent)
    const again = await server.send('/event/create', sent)
    expect(again.text).toBe(first.text)
    expect(again.headers['idempotency-replayed']).toBe('true')
    const listed = await server.send('/event/events', { token })
    expect(listed.text).toBe((await server.send('/events', { token })).text)
    const counted = await server.send('/event/stats', { token })
    expect(counted.text).toBe((await server.send('/stats', { token })).text)
  })

  test.each([
    ['2026-03-01T11:00:00+02:00', '2026-03-01T09:00:00.000Z'],
    ['2026-03-01T11:00:00.123456789Z', '2026-03-01T11:00:00.123Z'],
    ['2026-03-01 11:00:00', '2026-03-01T11:00:00.000Z'],
    ['2026-03-01', '2026-03-01T00:00:00.000Z'],
    ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000Z'],
    ['2999-01-01T00:00:00Z', '2026-03-01T12:00:00.000Z'],
  ])('the time %s is kept as %s, never later than it came', async (tsUtc, ts) => {
    const token = await server.guest(`time ${tsUtc}`)
    await log(token, 'x', { tsUtc })
    expect(await list(token)).toMatchObject({ events: [{ ts }] })
  })

  test.each([
    'yesterday',
    '2026-02-30T00:00:00Z',
    '2026-13-01',
    '2026-03-01T25:00',
    '1772366400000',
  ])('the time "%s" is refused with its pointer', async (time) => {
    const token = await server.guest('late')
    for (const name of ['timestampUtc', 'tsUtc']) {
      const body = { eventType: 'x', [name]: time }
      const answer = await server.send('/event', { token, body })
      expectProblem(answer, 'invalid-request')
      expect(new Set(pointersOf(answer))).toEqual(new Set([`#/${name}`]))
    }
    const query = `start_time=${encodeURIComponent(time)}`
    expectProblem(await server.send(`/events?${query}`, { token }), 'invalid-request')
    expectProblem(await server.send(`/stats?${query}`, { token }), 'invalid-request')
  })

  test('two names of one time are refused, also when they agree', async () => {
    const token = await server.guest('late')
    const body = { eventType: 'x', tsUtc: '2026-03-01', timestampUtc: '2026-03-01' }
    expectProblem(await server.send('/event', { token, body }), 'invalid-request')
  })

  test.each([
    'earn',
    'Spend',
    'ADJUST',
    'deeplink_open',
    'rates',
    'event_replay',
    'af_purchase',
    'AF_anything',
    'af_',
  ])('the type %s is the server’s own', async (eventType) => {
    const token = await server.guest('forger')
    const answer = await server.send('/event', { token, body: { eventType } })
    expectProblem(answer, 'reserved-event-type')
    expect(pointersOf(answer)).toEqual(['#/eventType'])
  })

  test.each(['', ' x', 'ä', 'a b', 'a/b', 'x'.repeat(101), '👾', 'a\0', 'a\n'])(
    'the type %j is refused',
    async (eventType) => {
      const token = await server.guest('odd')
      const answer = await server.send('/event', { token, body: { eventType } })
      expectProblem(answer, 'invalid-request')
    },
  )

  test('meta is text of at most 5000 characters', async () => {
    const token = await server.guest('meta')
    await log(token, 'x', { meta: '👾'.repeat(5_000) })
    const refused = [{ meta: 'x'.repeat(5_001) }, { meta: { a: 1 } }, { meta: 5 }, { meta: null }]
    for (const more of refused) {
      const answer = await server.send('/event', { token, body: { eventType: 'x', ...more } })
      expectProblem(answer, 'invalid-request')
      expect(pointersOf(answer)).toEqual(['#/meta'])
    }
    expect(await list(token)).toMatchObject({ total: 1, events: [{ meta: '👾'.repeat(5_000) }] })
  })

  test('what the server logs itself is listed among the others, in order of time', async () => {
    const token = await server.guest('mixed')
    await server.send('/earn', { token, body: { amount: 5, reason: 'gift' } })
    await server.send('/spend', { token, body: { amount: 2 } })
    await log(token, 'newest')
    await log(token, 'older', { tsUtc: at(-1_000) })
    const body = { userId: 'mixed', balance: 9 }
    await server.send('/user/update', { method: 'PUT', token: server.keys.operator, body })
    const { events } = await list(token)
    expect(events).toMatchObject([
      { type: 'adjust', meta: '{"amount":6,"currency":"coins","balance":9}' },
      { type: 'newest', meta: null },
      { type: 'spend', meta: '{"amount":-2,"currency":"coins","balance":3}' },
      { type: 'earn', meta: '{"amount":5,"currency":"coins","balance":5,"reason":"gift"}' },
      { type: 'older' },
    ])
  })

  describe('with seven events of three types', () => {
    let token = ''
    const ids: number[] = []
    beforeAll(async () => {
      token = await server.guest('seven')
      const events: readonly [string, number][] = [
        ['a', -3 * HOUR_MS],
        ['b', -2 * HOUR_MS],
        ['a', -2 * HOUR_MS],
        ['c', -90 * 60_000],
        ['a', -HOUR_MS],
        ['b', -1],
        ['a', 0],
      ]
      for (const [type, since] of events) ids.unshift(await log(token, type, { tsUtc: at(since) }))
    })

    const idsOf = (page: Record<string, unknown>) =>
      (page['events'] as { id: number }[]).map(({ id }) => id)

    test('the newest come first, and of one millisecond the one that came last', async () => {
      expect(idsOf(await list(token))).toEqual(ids)
    })

    test('limit and offset cut a page out of them', async () => {
      const page = await list(token, '?limit=3&offset=2')
      expect(page).toMatchObject({ total: 7, limit: 3, offset: 2, hasMore: true })
      expect(idsOf(page)).toEqual(ids.slice(2, 5))
      const last = await list(token, '?limit=3&offset=4')
      expect(last).toMatchObject({ total: 7, hasMore: false, nextCursor: null })
      expect(idsOf(last)).toEqual(ids.slice(4))
      expect(await list(token, '?offset=7')).toMatchObject({ events: [], total: 7, hasMore: false })
      const far = await list(token, `?offset=${Number.MAX_SAFE_INTEGER}`)
      expect(far).toMatchObject({ events: [], total: 7, hasMore: false })
    })

    test('a cursor walks all of them once, also when new ones arrive between the pages', async () => {
      const walker = await server.guest('walker')
      for (let i = 0; i < 5; i += 1) await log(walker, 'step', { meta: `${i}` })
      const seen: unknown[] = []
      let query = '?limit=2'
      for (;;) {
        const page = await list(walker, query)
        seen.push(...(page['events'] as { meta: string }[]).map(({ meta }) => meta))
        expect(page['hasMore']).toBe(page['nextCursor'] !== null)
        if (page['nextCursor'] === null) break
        await log(walker, 'late')
        query = `?limit=2&cursor=${page['nextCursor']}`
      }
      expect(seen).toEqual(['4', '3', '2', '1', '0'])
    })

    test.each([
      ['event_type=a', [0, 2, 4, 6]],
      ['event_type=none', []],
      [`start_time=${at(-2 * HOUR_MS)}`, [0, 1, 2, 3, 4, 5]],
      [`end_time=${at(-2 * HOUR_MS)}`, [6]],
      [`start_time=${at(-2 * HOUR_MS)}&end_time=${at(-HOUR_MS)}`, [3, 4, 5]],
      [`start_time=${at(-2 * HOUR_MS)}&end_time=${at(0)}&event_type=b`, [1, 5]],
      [`start_time=${at(0)}&end_time=${at(0)}`, []],
    ])('of them %s are listed and counted alike', async (query, positions) => {
      const page = await list(token, `?${query}`)
      expect(idsOf(page)).toEqual(positions.map((position) => ids[position]))
      expect(page['total']).toBe(positions.length)
      const stats = await server.send(`/stats?${query}`, { token })
      expect(sum(stats.body['stats'])).toBe(positions.length)
    })

    test('counts are sorted by number, then by type, and paged', async () => {
      const counts = [
        { eventType: 'a', count: 4 },
        { eventType: 'b', count: 2 },
        { eventType: 'c', count: 1 },
      ]
      const stats = async (query = '', by = token) =>
        (await server.send(`/stats${query}`, { token: by })).body
      const all = { stats: counts, total: 3, limit: 100, offset: 0, hasMore: false }
      expect(await stats()).toEqual(all)
      expect(await stats('?uid=%20seven%20')).toEqual(all)
      expect(await stats('?uid=seven', server.keys.operator)).toEqual(all)
      const page = { stats: counts.slice(1, 2), total: 3, limit: 1, offset: 1, hasMore: true }
      expect(await stats('?limit=1&offset=1')).toEqual(page)
      const last = { stats: counts.slice(2), total: 3, limit: 1, offset: 2, hasMore: false }
      expect(await stats('?limit=1&offset=2')).toEqual(last)
    })
  })

  test.each(['start_time=2026-03-02&end_time=2026-03-01', 'limit=0', 'limit=1001', 'offset=-1'])(
    'a page with %s is refused',
    async (query) => {
      const token = await server.guest('odd')
      expectProblem(await server.send(`/events?${query}`, { token }), 'invalid-request')
      expectProblem(await server.send(`/stats?${query}`, { token }), 'invalid-request')
    },
  )

  test('a parameter that nobody knows, or that comes twice, is refused', async () => {
    const token = await server.guest('odd')
    expectProblem(await server.send('/events?page=2', { token }), 'invalid-request')
    expectProblem(await server.send('/events?limit=1&limit=2', { token }), 'malformed-request')
    expectProblem(await server.send('/stats?uid=odd&uid=ada', { token }), 'malformed-request')
    expectProblem(await server.send('/stats?uid=%FF', { token }), 'malformed-request')
  })

  test('a server key logs for the player that it names, under its own app', async () => {
    await server.guest('named')
    const token = server.keys.server
    await log(token, 'by_server', { userId: ' named ' })
    const unnamed = await server.send('/event', { token, body: { eventType: 'x' } })
    expectProblem(unnamed, 'invalid-request')
    expect(pointersOf(unnamed)).toEqual(['#/userId'])
    const body = { eventType: 'x', userId: 'nobody' }
    expectProblem(await server.send('/event', { token, body }), 'unknown-player')

    const keys = server.books.accounts.keys
    const [ofApp, ofOther] = await Promise.all([
      keys.create({ scope: 'operator', app: 'my-game' }),
      keys.create({ scope: 'operator', app: 'other-game' }),
    ])
    const seen = async (key: string) => (await server.send('/stats', { token: key })).body['stats']
    expect(await seen(ofApp.key)).toEqual([{ eventType: 'by_server', count: 1 }])
    expect(await seen(ofOther.key)).toEqual([])
    expect(await seen(server.keys.operator)).toContainEqual({ eventType: 'by_server', count: 1 })
  })

  test('counts over everybody add up to the log, however the hours are cut', async () => {
    const head = async () => (await server.send('/health')).body['checks']
    const { events } = (await head()) as { events: number }
    const counted = async (query: string) => {
      const answer = await server.send(`/stats?limit=1000${query}`)
      expect(answer.status).toBe(200)
      return sum(answer.body['stats'])
    }
    expect(await counted('')).toBe(events)
    const cut = '2026-03-01T10:17:00Z'
    const [before, after] = [await counted(`&end_time=${cut}`), await counted(`&start_time=${cut}`)]
    expect(before).toBeGreaterThan(0)
    expect(after).toBeGreaterThan(0)
    expect(before + after).toBe(events)
    const ofA = await server.send('/stats?event_type=a')
    expect(ofA.body['stats']).toEqual([{ eventType: 'a', count: 4 }])
  })
})

const sum = (stats: unknown): number =>
  (stats as { count: number }[]).reduce((total, { count }) => total + count, 0)
