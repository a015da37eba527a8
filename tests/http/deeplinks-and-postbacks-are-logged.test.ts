// What attribution sends through HTTP: opened deeplinks and postbacks with their proof.
import { createHmac } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { booksViolations } from '../books-invariants.ts'
import { DATABASES } from '../database.ts'
import { plainSql } from '../plain-sql.ts'
import { expectProblem, pointersOf } from './problem.ts'
import { startServer, type TestServer } from './server.ts'

const AF_SECRET = 'the secret that the provider shares with us'
const STORED = 'Postback received and stored successfully'
const sign = (body: string | Uint8Array, secret = AF_SECRET): string =>
  createHmac('sha256', secret).update(body).digest('hex')

const aPostback = (changes: object = {}): string =>
  JSON.stringify({
    event_name: 'purchase',
    event_time: '2026-03-01 11:00:00.000',
    appsflyer_id: '1700000000000-1',
    customer_user_id: 'buyer',
    event_revenue_usd: '4.99',
    ...changes,
  })

describe.each(DATABASES)('on $name', (database) => {
  let server: TestServer
  beforeAll(async () => {
    server = await startServer(database, {
      settings: { AF_SECRET, AF_SECRET_PREVIOUS: 'the one before' },
    })
  })
  afterAll(async () => {
    expect(await booksViolations(server.databaseUrl)).toEqual([])
    await server.stop()
  })

  const deliver = (
    body: string | Uint8Array,
    signature: string | readonly string[],
    path?: string,
  ) => server.send(path ?? '/af/postback', { body, headers: { 'x-af-signature': signature } })

  describe('a deeplink', () => {
    const track = (query: string) => server.send(`/track${query}`)

    test('is logged with what it promised', async () => {
      const answer = await track('?character=%F0%9F%90%89%20dragon&campaign=spring')
      const logged = { character: '🐉 dragon', campaign: 'spring' }
      expect([answer.status, answer.body]).toEqual([200, { ok: true, logged }])
      const [row] = await plainSql(
        server.databaseUrl,
        "SELECT payload, app, player_id FROM event_log WHERE event_type = 'deeplink_open'",
      )
      expect(row).toEqual({ payload: JSON.stringify(logged), app: 'default', player_id: null })
    })

    test('may promise nothing', async () => {
      const answer = await track('')
      expect(answer.body).toEqual({ ok: true, logged: { character: null, campaign: null } })
    })

    test.each([
      ['campaign=%00', 'invalid-request'],
      [`campaign=${'x'.repeat(256)}`, 'invalid-request'],
      ['other=1', 'invalid-request'],
      ['campaign=a&campaign=b', 'malformed-request'],
      ['campaign=%ED%A0%80', 'malformed-request'],
      ['campaign=%zz', 'malformed-request'],
    ] as const)('with %s is refused', async (query, code) => {
      expectProblem(await track(`?${query}`), code)
    })
  })

  describe('a postback', () => {
    test('with its signature is stored and logged once, under either path', async () => {
      const body = aPostback({ event_value: '{"af_receipt_id":"r-1"}' })
      const first = await deliver(body, sign(body))
      const id = Number(first.body['postbackId'])
      expect([first.status, first.body]).toEqual([
        200,
        { ok: true, postbackId: id, eventId: id, message: STORED },
      ])
      expect(id).toBeGreaterThan(0)
      const again = await deliver(body, sign(body).toUpperCase(), '/appsflyer/postback')
      expect([again.status, again.body]).toEqual([200, { ...first.body, duplicate: true }])

      const token = await server.guest('buyer')
      expect((await server.send('/events', { token })).body).toMatchObject({
        total: 1,
        events: [{ id, type: 'af_purchase', ts: '2026-03-01T11:00:00.000Z', meta: body }],
      })
    })

    test('sent fifty times at once is stored once', async () => {
      const body = aPostback({ customer_user_id: 'many' })
      const answers = await Promise.all(Array.from({ length: 50 }, () => deliver(body, sign(body))))
      expect(new Set(answers.map(({ body }) => body['eventId'])).size).toBe(1)
      expect(answers.filter(({ body }) => body['duplicate'] === undefined)).toHaveLength(1)
    })

    test('signed with the secret before the rotation is still taken', async () => {
      const body = aPostback({ customer_user_id: 'rotation' })
      expect((await deliver(body, sign(body, 'the one before'))).status).toBe(200)
    })

    const body = aPostback({ customer_user_id: 'forged' })
    const right = sign(body)
    test.each<[string, string | readonly string[]]>([
      ['an empty one', ''],
      ['of 63 digits', right.slice(1)],
      ['of 65 digits', `${right}0`],
      ['with one digit changed', right.replace(/^./, (digit) => (digit === '0' ? '1' : '0'))],
      ['with a prefix', `sha256=${right}`],
      ['in base64', Buffer.from(right, 'hex').toString('base64')],
      ['of another secret', sign(body, 'guessed')],
      ['that came twice', [right, right]],
      ['beside a wrong one', [right, 'x']],
    ])('whose signature is %s is refused in every environment', async (_name, signature) => {
      expectProblem(await deliver(body, signature), 'invalid-signature')
    })

    test('is refused when a byte, a space or the order of its keys has changed', async () => {
      const reordered = JSON.stringify(
        Object.fromEntries(Object.entries(JSON.parse(body)).reverse()),
      )
      for (const tampered of [body.replace('4.99', '4.98'), `${body} `, reordered]) {
        expectProblem(await deliver(tampered, right), 'invalid-signature')
      }
    })

    test('is refused before it is parsed when its signature is wrong', async () => {
      expectProblem(await deliver('{"not json', right), 'invalid-signature')
      expectProblem(await deliver('{"not json', sign('{"not json')), 'malformed-body')
    })

    test('without a signature is stored apart, and a verified copy supersedes it', async () => {
      const unsigned = aPostback({ customer_user_id: 'unsigned' })
      const first = await server.send('/af/postback', { body: unsigned })
      expect([first.status, first.body['message']]).toEqual([200, STORED])
      const verified = await deliver(unsigned, sign(unsigned))
      expect(verified.body['duplicate']).toBeUndefined()
      expect(
        await plainSql(
          server.databaseUrl,
          `SELECT verified, supersedes FROM raw_postbacks WHERE postback_id >= ${first.body['postbackId']} ORDER BY postback_id`,
        ),
      ).toEqual([
        { verified: 0n, supersedes: null },
        { verified: 1n, supersedes: BigInt(Number(first.body['postbackId'])) },
      ])
    })

    test('that says nothing is the test call of the provider', async () => {
      const answer = await deliver('{}', sign('{}'))
      expect([answer.status, answer.body]).toMatchObject([200, { postbackId: 0, eventId: 0 }])
    })

    test.each<
      [string, string | Uint8Array, 'malformed-body' | 'invalid-request' | 'body-too-large']
    >([
      ['a list', '[{}]', 'invalid-request'],
      ['a number', '5', 'invalid-request'],
      ['null', 'null', 'invalid-request'],
      ['cut off', '{"event_name":"x"', 'malformed-body'],
      ['not UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), 'malformed-body'],
      ['a way to a prototype', '{"__proto__":{"x":1}}', 'malformed-body'],
      ['larger than 256 KiB', `{"x":"${'y'.repeat(256 * 1_024)}"}`, 'body-too-large'],
      [
        'for a player that text cannot name',
        aPostback({ customer_user_id: 'a\0b' }),
        'invalid-request',
      ],
    ])('that is %s is refused', async (_name, body, code) => {
      expectProblem(await deliver(body, sign(body)), code)
    })

    test('of exactly 256 KiB is stored', async () => {
      const empty = aPostback({ note: '' })
      const large = aPostback({ note: 'y'.repeat(256 * 1_024 - empty.length) })
      expect(Buffer.byteLength(large)).toBe(256 * 1_024)
      expect((await deliver(large, sign(large))).status).toBe(200)
    })

    test.each([
      ['nested 10,000 deep', `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`],
      ['of 10,000 fields', `{${Array.from({ length: 10_000 }, (_, i) => `"k${i}":1`).join()}}`],
      [
        'with NULs and halves of characters',
        '{"event_name":"a\\u0000b","x":"\\ud800","y":"\\u0000"}',
      ],
    ])('%s is stored as it came', async (_name, odd) => {
      const { status, body } = await deliver(odd, sign(odd))
      expect(status).toBe(200)
      const [row] = await plainSql(
        server.databaseUrl,
        `SELECT payload FROM raw_postbacks WHERE postback_id = ${body['postbackId']}`,
      )
      expect(row).toEqual({ payload: odd })
    })

    test('of another type than JSON is refused', async () => {
      const sent = { type: 'application/x-www-form-urlencoded', body }
      expectProblem(await server.send('/af/postback', sent), 'unsupported-media-type')
      expectProblem(
        await server.send('/af/postback', { body, type: null }),
        'unsupported-media-type',
      )
    })

    test('may carry any Accept header: nobody reads the answer', async () => {
      const other = aPostback({ customer_user_id: 'accept' })
      const headers = { accept: 'text/html', 'x-af-signature': sign(other) }
      expect((await server.send('/af/postback', { body: other, headers })).status).toBe(200)
    })
  })
})

describe.each(DATABASES)('with a token and an address on $name', (database) => {
  test('a postback needs each proof that the settings name', async () => {
    const settings = { AF_TOKEN: 'agreed upon with the provider', AF_ADDRESSES: '127.0.0.0/8' }
    const server = await startServer(database, { settings: { AF_SECRET, ...settings } })
    const body = aPostback()
    const send = (headers: Record<string, string>) => server.send('/af/postback', { body, headers })
    const signed = { 'x-af-signature': sign(body) }
    expect((await send({ ...signed, 'x-af-token': settings.AF_TOKEN })).status).toBe(200)
    expectProblem(await send({ ...signed, 'x-af-token': 'guessed' }), 'invalid-signature')
    const answer = await send({ 'x-af-signature': 'f'.repeat(64), 'x-af-token': settings.AF_TOKEN })
    expectProblem(answer, 'invalid-signature')
    expect(pointersOf(answer)).toEqual([])
    await server.stop()
  })
})
