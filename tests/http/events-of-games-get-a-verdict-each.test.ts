// POST /v1/events: one verdict for each event, in their order, and accepted means on disk.
import { randomUUID } from 'node:crypto'
import type { Socket } from 'node:net'
import {
  brotliCompressSync,
  deflateRawSync,
  deflateSync,
  gzipSync,
  zstdCompressSync,
} from 'node:zlib'
import { LIMITS, VERDICT_CODES, type Verdict } from '@questline/contracts'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { readLog } from '../../packages/server/src/log/log.ts'
import { booksViolations } from '../books-invariants.ts'
import { DATABASES } from '../database.ts'
import { aClock, type TestClock } from '../fresh-accounts.ts'
import { plainSql } from '../plain-sql.ts'
import type { Answer, Sent } from './client.ts'
import { anInstall, aPurchase } from './game-events.ts'
import { expectProblem } from './problem.ts'
import { converse } from './raw.ts'
import { PRODUCTION, startServer, type TestServer } from './server.ts'
import { createSwitch } from './switch.ts'

type Body = NonNullable<Sent['body']>

const CODECS = {
  gzip: gzipSync,
  'x-deflate': deflateSync,
  deflate: deflateSync,
  br: brotliCompressSync,
  zstd: zstdCompressSync,
} as const

describe.each(DATABASES)('on $name', (database) => {
  let server: TestServer
  let clock: TestClock
  const disk = createSwitch()
  beforeAll(async () => {
    clock = aClock()
    server = await startServer(database, {
      settings: { EVENT_API_KEY: 'dev-secret' },
      world: { clock, decorateStore: disk.decorate },
    })
  })
  afterAll(async () => {
    expect(await booksViolations(server.databaseUrl)).toEqual([])
    await server.stop()
  })

  const post = (path: string, body: Body, more: Sent = {}): Promise<Answer> =>
    server.send(path, { token: server.keys.ingest, body, ...more })
  const send = (events: readonly unknown[], more: Sent = {}) =>
    post('/v1/events', { events } as Body, more)
  const results = ({ status, body, text }: Answer): Verdict[] => {
    expect(status, text).toBe(200)
    return body['results'] as Verdict[]
  }
  const verdicts = async (events: readonly unknown[], more: Sent = {}) =>
    results(await send(events, more)).map(({ event_id: _, ...verdict }) => verdict)
  const logged = async (eventId: string) => {
    for await (const { records } of readLog(server.books.store.read, 0, { events: 1_000 })) {
      const found = records.find((record) => record.eventId === eventId)
      if (found) return found
    }
    return undefined
  }
  const arrived = () => plainSql(server.databaseUrl, 'SELECT * FROM arrivals ORDER BY app, minute')
  const refused = async (sql = '') =>
    plainSql(server.databaseUrl, `SELECT * FROM refused_events ${sql} ORDER BY refused_id`)

  test('each event of a batch has its verdict, in the order of the batch', async () => {
    const [first, purchase, stranger] = [anInstall(), aPurchase(), anInstall({ level: 3 })]
    const other = { ...first, player_id: 'bob' }
    const bad = aPurchase({ currency: 'euro' })
    const answer = await send([first, bad, first, purchase, other, 7, stranger], { id: 'batch-1' })
    expect(answer.headers['retry-after']).toBeUndefined()
    expect(answer.body).toEqual({
      request_id: 'batch-1',
      received_at: new Date(clock.now()).toISOString(),
      results: [
        { event_id: first.event_id, status: 'accepted' },
        { event_id: bad.event_id, status: 'rejected', code: 'schema', path: '/currency' },
        { event_id: first.event_id, status: 'duplicate' },
        { event_id: purchase.event_id, status: 'accepted' },
        { event_id: first.event_id, status: 'conflict', code: 'event-id-conflict' },
        { event_id: null, status: 'rejected', code: 'invalid-event' },
        { event_id: stranger.event_id, status: 'accepted', code: 'unknown-field', path: '/level' },
      ],
    })
  })

  test('every code has an event that brings it', async () => {
    const known = aPurchase({ transaction_id: 't-1' })
    await send([known])
    const again = (changes: object) => aPurchase({ transaction_id: 't-1', ...changes })
    const causes: Record<keyof typeof VERDICT_CODES, unknown> = {
      'unknown-field': anInstall({ a: 1 }),
      'transaction-duplicate': again({}),
      'event-id-conflict': { ...known, quantity: 2 },
      'transaction-conflict': again({ amount_micros: 1 }),
      'invalid-event': [anInstall()],
      'missing-event-id': anInstall({ event_id: null }),
      'invalid-event-id': anInstall({ event_id: '' }),
      'unknown-event-type': anInstall({ event_type: 'earn' }),
      schema: anInstall({ occurred_at: '2026-03-01T12:00:00' }),
      'event-too-large': anInstall({ properties: { x: 'é'.repeat(LIMITS.eventBytesMax / 2) } }),
      'wrong-app': anInstall({ app_id: 'another' }),
      busy: null,
    }
    const { busy: _, ...direct } = causes
    const found = await verdicts(Object.values(direct))
    expect(found.map(({ code }) => code)).toEqual(Object.keys(direct))
    expect(found.map(({ status }) => status)).toEqual(
      Object.keys(direct).map((code) => VERDICT_CODES[code as keyof typeof VERDICT_CODES].status),
    )
  })

  test('busy: what comes once the queue is full is to be sent again, and is not received', async () => {
    const full = await startServer(database, {
      settings: { INGEST_QUEUE_EVENTS_MAX: '3' },
      world: { decorateStore: disk.decorate },
    })
    const to = (events: readonly unknown[]) =>
      full.send('/v1/events', { token: full.keys.ingest, body: { events } as Body })
    await to([])
    disk.hold()
    const two = to([anInstall(), anInstall()])
    const waiting = (events: number) =>
      vi.waitFor(() => expect(full.books.ingest.waiting().events).toBe(events))
    await waiting(2)
    const more = anInstall()
    const answer = await to([more, anInstall()])
    expect([answer.status, answer.headers['retry-after'], answer.body['results']]).toEqual([
      ...[200, '1'],
      [
        { event_id: more.event_id, status: 'retry', code: 'busy' },
        { event_id: expect.any(String), status: 'retry', code: 'busy' },
      ],
    ])
    const one = to([anInstall()])
    await waiting(3)
    // Refused before its body is read, so that it may be anything.
    const early = await full.send('/v1/events', { token: full.keys.ingest, body: '{"ev' })
    expectProblem(early, 'overloaded')
    expect(early.headers['retry-after']).toBe('1')
    disk.release()
    expect([(await two).status, (await one).status]).toEqual([200, 200])
    const counted = await plainSql(full.databaseUrl, 'SELECT accepted, rejected FROM arrivals')
    expect(counted).toEqual([{ accepted: 3n, rejected: 0n }])
    expect(results(await to([more]))).toMatchObject([{ status: 'accepted' }])
    await full.stop()
  })

  test('what is accepted is logged byte for byte, with what its headers say', async () => {
    const id = randomUUID()
    const text = `{ "event_id":"${id.toUpperCase()}", "event_type":"custom","name":"a:b",
      "player_id":"é\\u0065👾","occurred_at":"2026-03-01T13:00:00+01:00","platform":"iOS","value":1.50,
      "properties":{"s":"\\"}],{\\\\","n":[1,{"a":[]}]}}`
    const body = ` { "x":"events\\"" , "events" : [ ${text} ,${JSON.stringify(anInstall())}] } `
    const headers = { 'x-sdk': 'questline-js/1.2.3', 'x-sent-at': '1772366400500' }
    const answer = await post('/v1/events', body, { headers })
    expect(results(answer)).toMatchObject([
      { event_id: id.toUpperCase(), status: 'accepted' },
      { status: 'accepted' },
    ])
    expect(await logged(id)).toMatchObject({
      ...{ kind: 'game', app: 'my-game', eventType: 'custom', playerId: 'ée👾' },
      ...{ occurredAt: Date.parse('2026-03-01T12:00:00Z'), sentAt: 1_772_366_400_500 },
      ...{ receivedAt: clock.now(), sdk: 'questline-js/1.2.3', source: 'http' },
      event: JSON.parse(text),
    })
    expect(await verdicts([JSON.parse(text)])).toEqual([{ status: 'duplicate' }])
  })

  test.each([
    ['', ' {"event_id" : "nope", "event_type":"match"}', ' ]}'],
    ['before more', '{"event_id":"nope","event_type":"match"}', '],"more":"]}"}'],
  ])('what is refused is kept as it came, with the reason %s', async (name, event, rest) => {
    const raw = event.trim()
    const id = `r-kept-${name.replace(' ', '-')}`
    await post('/v1/events', `{"events":[${event}${rest}`, { id, headers: { 'x-sdk': 'a/1' } })
    const [row] = await refused(`WHERE request_id = '${id}'`)
    expect(Buffer.from(row?.['raw'] as Uint8Array).toString()).toBe(raw)
    expect(row).toMatchObject({
      ...{ app: 'my-game', event_id: 'nope', event_type: 'match', reason: 'invalid-event-id' },
      ...{ path: '/event_id', sdk: 'a/1', source: 'http', line: null, status: 'open' },
    })
  })

  describe('times', () => {
    const correctedOf = async (
      changes: Readonly<Record<string, unknown>>,
      headers: Record<string, string>,
    ) => {
      const event = anInstall(changes)
      expect(await verdicts([event], { headers })).toEqual([{ status: 'accepted' }])
      const { correctedAt, flags } = (await logged(event.event_id)) ?? {}
      return [Number(correctedAt) - clock.now(), flags]
    }
    const at = (ms: number) => new Date(clock.now() + ms).toISOString()
    const monotonic = { run: 'r1', ms: 1_000 }

    test('of a clock that is right, stay; of one that is wrong, move by its error', async () => {
      const sent = (ms: number) => ({ 'x-sent-at': at(ms) })
      expect(await correctedOf({ occurred_at: at(-5_000) }, sent(-2_000))).toEqual([-5_000, []])
      expect(await correctedOf({ occurred_at: at(-90_000) }, sent(-60_000))).toEqual([
        -30_000,
        ['clock_corrected_by_sent_at'],
      ])
    })

    test('are better known by a clock that nobody can set', async () => {
      const headers = { 'x-sent-at': at(0), 'x-monotonic': 'r1;4000.5' }
      expect(await correctedOf({ occurred_at: at(3_600_000), monotonic }, headers)).toEqual([
        -3_000,
        ['clock_corrected_by_age'],
      ])
      const another = { ...headers, 'x-monotonic': 'r2;4000' }
      expect(await correctedOf({ occurred_at: at(-7), monotonic }, another)).toEqual([-7, []])
    })

    test('are never later than the receipt, and headers that nobody can read say nothing', async () => {
      const odd = { 'x-sent-at': 'yesterday', 'x-monotonic': 'r1', 'x-sdk': 'a b' }
      expect(await correctedOf({ occurred_at: at(9_000), monotonic }, odd)).toEqual([
        0,
        ['clock_clamped'],
      ])
    })
  })

  describe('who may', () => {
    test.each(['/v1/events', '/v1/events/install', '/v1/events/purchase'])(
      '%s takes an ingest key and nothing else',
      async (path) => {
        const to = (token: string | undefined) => server.send(path, { token, body: anInstall() })
        expectProblem(await to(undefined), 'unauthenticated')
        expectProblem(await to('no such key'), 'invalid-token')
        for (const token of [server.keys.server, server.keys.operator, await server.guest('ada')]) {
          expectProblem(await to(token), 'forbidden')
        }
      },
    )

    test('the key of the environment is one, of the default app', async () => {
      const event = anInstall()
      const answer = await send([event], { token: 'dev-secret' })
      expect(results(answer)).toMatchObject([{ status: 'accepted' }])
      expect(await logged(event.event_id)).toMatchObject({ app: 'default' })
    })

    test('an unset key opens nothing', async () => {
      const strict = await startServer(database, { settings: { ...PRODUCTION, RATE_LIMIT: 'off' } })
      expectProblem(
        await strict.send('/v1/events', { body: { events: [] } as Body }),
        'unauthenticated',
      )
      await strict.stop()
    })
  })

  describe('one event alone', () => {
    const install = (event: object, more: Sent = {}) =>
      post('/v1/events/install', event as Body, more)
    const purchase = (event: object) => post('/v1/events/purchase', event as Body)

    test('is accepted, and accepted again', async () => {
      const { event_type: _, ...event } = aPurchase({ app_id: 'my-game' })
      const accepted = { status: 'accepted', event_id: event.event_id }
      for (const answer of [await purchase(event), await purchase(event)]) {
        expect([answer.status, answer.body]).toEqual([200, accepted])
      }
      // The same event in a batch has the same fingerprint: type and app are filled in before.
      const { app_id: __, ...withoutApp } = event
      const whole = { event_type: 'purchase', ...withoutApp }
      expect(await verdicts([whole, { ...whole, app_id: 'my-game' }])).toEqual([
        { status: 'duplicate' },
        { status: 'duplicate' },
      ])
      expect(await logged(event.event_id)).toMatchObject({ eventType: 'purchase', event })
    })

    test('fails as a whole', async () => {
      const event = aPurchase({ transaction_id: 'alone' })
      expect((await purchase(event)).status).toBe(200)
      expect((await purchase({ ...event, event_id: randomUUID() })).status).toBe(200)
      expectProblem(await purchase({ ...event, quantity: 2 }), 'event-id-conflict')
      const other = { ...event, event_id: randomUUID(), player_id: 'bob' }
      expectProblem(await purchase(other), 'transaction-conflict')
      expectProblem(await install(anInstall({ app_id: 'another' })), 'wrong-app')
      const wrong = { ...anInstall(), platform: 'c64' }
      const answer = await install(wrong)
      expectProblem(answer, 'invalid-request')
      expect(answer.body['errors']).toEqual([
        { pointer: '#/platform', detail: VERDICT_CODES.schema.title },
      ])
      expectProblem(await install(aPurchase()), 'invalid-request')
      expectProblem(await install([]), 'invalid-request')
      expectProblem(await install({ x: 'x'.repeat(LIMITS.eventBytesMax) }), 'body-too-large')
    })
  })

  describe('the body', () => {
    test.each(Object.entries(CODECS))('may be compressed: %s', async (name, compress) => {
      const coding = name.replace('x-', '')
      const headers = { 'content-encoding': coding }
      for (const size of [1, 400]) {
        const events = Array.from({ length: size }, () =>
          anInstall({ properties: { id: randomUUID() } }),
        )
        const body = compress(Buffer.from(JSON.stringify({ events })))
        expect(results(await post('/v1/events', body, { headers }))).toHaveLength(size)
      }
      const bomb = compress(
        Buffer.from(`{"events":[],"x":"${' '.repeat(LIMITS.batchInflatedBytesMax)}"}`),
      )
      expectProblem(await post('/v1/events', bomb, { headers }), 'body-too-large')
      const cut = compress(Buffer.from('{"events":[]}')).subarray(0, -4)
      expectProblem(await post('/v1/events', cut, { headers }), 'malformed-body')
      expectProblem(await post('/v1/events', '{"events":[]}', { headers }), 'malformed-body')
    })

    const halves = {
      ends: (socket: Socket) => void socket.end(),
      'is reset': (socket: Socket) => void socket.resetAndDestroy(),
    }
    test.each(
      Object.entries(halves).flatMap(([how, breakOff]) =>
        (['counted', 'in chunks', 'compressed'] as const).map((form) => ({ how, form, breakOff })),
      ),
    )('$form, of which the connection $how half way, never came', async ({ form, breakOff }) => {
      const events = [anInstall(), anInstall(), anInstall()]
      const json = JSON.stringify({ events })
      const bytes = form === 'compressed' ? gzipSync(json) : Buffer.from(json)
      // The first event is there as a whole.
      const half = bytes.subarray(0, Math.floor(bytes.length / 2))
      const head = [
        ...['POST /v1/events HTTP/1.1', 'Host: a', 'Content-Type: application/json'],
        `Authorization: Bearer ${server.keys.ingest}`,
        ...(form === 'compressed' ? ['Content-Encoding: gzip'] : []),
        form === 'in chunks' ? 'Transfer-Encoding: chunked' : `Content-Length: ${bytes.length}`,
      ]
      const chunk = form === 'in chunks' ? `${half.length.toString(16)}\r\n` : ''
      const before = await arrived()
      const { statuses } = await converse(server.url, (socket) => {
        socket.write(`${head.join('\r\n')}\r\n\r\n${chunk}`)
        socket.write(half, () => breakOff(socket))
      })
      expect(statuses.filter((status) => status < 400)).toEqual([])
      expect(server.books.ingest.waiting()).toEqual({ events: 0, bytes: 0 })
      expect(await arrived()).toEqual(before)
      // Whoever sends it again loses nothing, and finds none of it there.
      expect(await verdicts(events)).toEqual(events.map(() => ({ status: 'accepted' })))
    })

    test('may be deflated without the frame that it should have', async () => {
      const body = deflateRawSync(Buffer.from('{"events":[]}'))
      const answer = await post('/v1/events', body, { headers: { 'content-encoding': 'deflate' } })
      expect(results(answer)).toEqual([])
    })

    test('has limits, and a form', async () => {
      const many = Array.from({ length: LIMITS.batchEventsMax }, () => 1)
      expect(await verdicts(many)).toHaveLength(LIMITS.batchEventsMax)
      expectProblem(await send([...many, 1]), 'batch-too-large')
      const wide = `{"events":[],"x":"${' '.repeat(LIMITS.batchWireBytesMax)}"}`
      expectProblem(await post('/v1/events', wide), 'body-too-large')
      for (const body of ['[]', '{}', '{"events":{}}', 'null', '{"events":null}']) {
        expectProblem(await post('/v1/events', body), 'invalid-request')
      }
      for (const body of [
        '',
        '{"events":[',
        '\ufeff{"events":[]}',
        Buffer.from([0x22, 0xff, 0x22]),
      ]) {
        expectProblem(await post('/v1/events', body), 'malformed-body')
      }
      const coded = { headers: { 'content-encoding': 'gzip, br' } }
      expectProblem(await post('/v1/events', '{}', coded), 'unsupported-encoding')
      expectProblem(
        await post('/v1/events', '{}', { type: 'text/plain' }),
        'unsupported-media-type',
      )
    })

    test('with what no reader of the log would take spoils nothing but its event', async () => {
      const deep = `${'['.repeat(5_000)}${']'.repeat(5_000)}`
      const own = JSON.stringify(anInstall()).slice(0, -1)
      const odd = [
        `${own},"properties":{"a":"\\ud800"}}`,
        `${own},"properties":{"a":["x\\u0000"]}}`,
        `${own},"properties":{"\\u005f_proto__":{"a":1}}}`,
        `${own},"__proto__":{"a":1}}`,
        `${own},"properties":{"a":${deep}}}`,
        `${own},"properties":{"a":"\\ud83d\\ude00 constructor"}}`,
      ]
      const answer = await post('/v1/events', `{"events":[${odd.join()}]}`)
      expect(results(answer).map(({ status, path }) => path ?? status)).toEqual([
        ...['/properties/a', '/properties/a/0', '/properties/__proto__', '/__proto__', ''],
        'accepted',
      ])
    })
  })

  test('the same batch sent fifty times at once is accepted once', async () => {
    const events = Array.from({ length: 10 }, () => aPurchase({ transaction_id: randomUUID() }))
    const answers = await Promise.all(Array.from({ length: 50 }, () => send(events)))
    const statuses = answers.map((answer) => new Set(results(answer).map(({ status }) => status)))
    expect(statuses.filter((found) => found.has('accepted'))).toHaveLength(1)
    for (const found of statuses) expect(found.size).toBe(1)
  })

  test('while the database is away nothing is accepted, and afterwards all of it once', async () => {
    const event = anInstall()
    disk.break()
    const answer = await send([event])
    disk.mend()
    expectProblem(answer, 'store-unavailable')
    expect(await verdicts([event])).toEqual([{ status: 'accepted' }])
  })
})
