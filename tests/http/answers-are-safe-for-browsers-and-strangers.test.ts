// Headers, origins, request ids and tokens: what protects players from other sites and other people.
// Headers that every answer bears are checked by the client of these tests, on each answer.
import { ROUTES } from '@questline/contracts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { VERSION } from '../../packages/server/src/version.ts'
import { DATABASES } from '../database.ts'
import type { Answer } from './client.ts'
import { expectProblem, expectProblemDocument } from './problem.ts'
import { answersIn, aRequest, exchange } from './raw.ts'
import { rightRequest, toSend } from './requests.ts'
import { startServer, type TestServer } from './server.ts'
import { claimsOf, forge } from './tokens.ts'

const JWT_SECRET = 'the secret of this test, long enough to sign'
const PREVIOUS = 'the secret before it, which still verifies'
const ORIGINS = ['https://play.example.com', 'http://localhost:3000']

describe.each(DATABASES)('on $name', (database) => {
  let server: TestServer
  let token = ''
  beforeAll(async () => {
    server = await startServer(database, {
      settings: {
        JWT_SECRET,
        JWT_SECRET_PREVIOUS: PREVIOUS,
        ALLOWED_ORIGINS: ORIGINS.join(','),
      },
    })
    token = await server.guest('ada')
  })
  afterAll(() => server.stop())

  test('every answer tells the version', async () => {
    for (const path of ['/health/live', '/nothing', '/balance', '/user/%']) {
      expect((await server.send(path)).headers['x-questline-version']).toBe(VERSION)
    }
  })

  describe('another origin', () => {
    const corsOf = ({ headers }: Answer) =>
      Object.fromEntries(
        Object.entries(headers).filter(([name]) => name.startsWith('access-control')),
      )
    const from = (origin: string | readonly string[], more = {}) =>
      server.send('/balance', { token, ...more, headers: { origin } })

    test.each(ORIGINS)('that is listed may read answers and failures: %s', async (origin) => {
      for (const answer of [
        await from(origin),
        await from(origin, { token: 'wrong' }),
        await server.send('/nothing', { headers: { origin } }),
        await server.send('/user/%', { headers: { origin } }),
      ]) {
        expect(corsOf(answer)).toEqual({
          'access-control-allow-origin': origin,
          'access-control-allow-credentials': 'true',
          'access-control-expose-headers': 'X-Request-ID, Idempotency-Replayed, Retry-After',
        })
        expect(answer.headers['vary']).toBe('Origin')
      }
    })

    test.each([
      'https://evil.example',
      'null',
      'https://play.example.com.evil.example',
      'https://evil-play.example.com',
      'https://play.example.com:8443',
      'http://play.example.com',
      'https://PLAY.example.com',
      'https://play.example.com/',
      'https://play.example.com, https://evil.example',
      '*',
      '',
    ])('that is not gets no leave: %j', async (origin) => {
      const answer = await from(origin)
      expect([answer.status, corsOf(answer)]).toEqual([200, {}])
      const headers = { origin, 'access-control-request-method': 'POST' }
      const preflight = await server.send('/earn', { method: 'OPTIONS', headers })
      expect(corsOf(preflight)).toEqual({})
    })

    test('asks first, and learns which methods and headers it may send', async () => {
      const [origin = ''] = ORIGINS
      const headers = {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type,idempotency-key',
      }
      const answer = await server.send('/earn', { method: 'OPTIONS', headers })
      expect([answer.status, answer.text]).toEqual([204, ''])
      expect(corsOf(answer)).toMatchObject({
        'access-control-allow-origin': origin,
        'access-control-allow-headers':
          'Authorization, Content-Type, Content-Encoding, Idempotency-Key, X-Request-ID, X-Attempt, X-Sent-At, X-Sdk, X-Monotonic',
      })
      const methods = String(corsOf(answer)['access-control-allow-methods']).split(', ')
      expect(methods).toEqual(expect.arrayContaining(['GET', 'POST', 'PUT']))
    })

    test('is localhost:3000 unless the settings name some', async () => {
      const plain = await startServer(database)
      const headers = { origin: 'http://localhost:3000' }
      const answer = await plain.send('/health/live', { headers })
      expect(corsOf(answer)['access-control-allow-origin']).toBe('http://localhost:3000')
      await plain.stop()
    })
  })

  describe('a request id', () => {
    const idOf = async (headers: Record<string, string | string[]>) =>
      (await server.send('/health/live', { headers })).headers['x-request-id']

    test.each(['mine', 'A-z_09', 'x'.repeat(64)])('of the client is kept: %s', async (id) => {
      expect(await idOf({ 'x-request-id': id })).toBe(id)
      const answer = await server.send('/nothing', { id })
      expect(answer.body).toMatchObject({ request_id: id, instance: `urn:request:${id}` })
    })

    test.each([
      '',
      'x'.repeat(65),
      'a b',
      'a;b',
      '{"level":"error"}',
      '../a',
      'a\tb',
      '<script>',
      'é',
    ])('that could do harm in a log or a page is replaced: %j', async (id) => {
      expect(await idOf({ 'x-request-id': id })).not.toBe(id)
    })

    test('that came twice is replaced', async () => {
      expect(await idOf({ 'x-request-id': ['a', 'b'] })).toMatch(/^[\w-]{10,}$/)
    })

    test('is another for each request that names none', async () => {
      const ids = await Promise.all(Array.from({ length: 500 }, () => idOf({})))
      expect(new Set(ids).size).toBe(500)
    })
  })

  describe('another method', () => {
    const methods = new Map<string, Set<string>>()
    for (const route of ROUTES) {
      const [path] = toSend(route, rightRequest(route))
      for (const at of [path, ...route.aliases]) {
        const known = methods.get(at) ?? new Set(['OPTIONS'])
        known.add(route.method)
        if (route.method === 'GET') known.add('HEAD')
        methods.set(at, known)
      }
    }
    // What updates one player has the path of a player who is named so.
    for (const method of ['GET', 'HEAD']) methods.get('/user/update')?.add(method)
    methods.set('/metrics', new Set(['GET', 'HEAD', 'OPTIONS']))

    test.each([...methods])('than those of %s is told which there are', async (path, known) => {
      for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'TRACE', 'HEAD']) {
        if (known.has(method)) continue
        const answer = await server.send(path, { method, token, type: null })
        expect(answer.status, `${method} ${path}`).toBe(405)
        expect(new Set(String(answer.headers['allow']).split(', '))).toEqual(known)
        if (method !== 'HEAD') expectProblem(answer, 'method-not-allowed')
      }
    })
  })

  describe('Accept', () => {
    test.each([
      '*/*',
      'application/json',
      'application/*',
      'application/json; charset=utf-8',
      'text/html, application/json;q=0.5',
      'text/html,application/xhtml+xml,*/*;q=0.8',
      'text/html, image/gif, *; q=.2, */*; q=.2',
      'APPLICATION/JSON',
      '',
    ])('%j leaves room for JSON', async (accept) => {
      expect((await server.send('/balance', { token, headers: { accept } })).status).toBe(200)
    })

    test.each([
      'text/html',
      'image/*',
      'application/xml',
      'application/json;q=0',
      '*/*;q=0',
      'json',
    ])('%j leaves none, and nothing happens', async (accept) => {
      const headers = { accept }
      const body = { amount: 1 }
      expectProblem(await server.send('/earn', { token, headers, body }), 'not-acceptable')
      expect((await server.send('/balance', { token })).body['balance']).toBe(0)
    })
  })

  describe('a token', () => {
    const now = Math.floor(Date.now() / 1_000)
    const flip = (part: number) => {
      const parts = token.split('.')
      const text = parts[part] ?? ''
      const letter = text[10] === 'A' ? 'B' : 'A'
      parts[part] = text.slice(0, 10) + letter + text.slice(11)
      return parts.join('.')
    }
    const forged: readonly (readonly [string, () => string])[] = [
      ['without an algorithm', () => forge(token, { secret: JWT_SECRET, header: { alg: 'none' } })],
      ['without a signature', () => token.replace(/[^.]+$/, '')],
      [
        'of another algorithm',
        () => forge(token, { secret: JWT_SECRET, header: { alg: 'HS512' }, hash: 'sha512' }),
      ],
      [
        'of an algorithm that it only claims',
        () => forge(token, { secret: JWT_SECRET, header: { alg: 'RS256' } }),
      ],
      ['of another secret', () => forge(token, { secret: 'guessed' })],
      [
        'that brings its own key',
        () => forge(token, { secret: 'mine', header: { jwk: { kty: 'oct', k: 'bWluZQ' } } }),
      ],
      ['with a flipped header', () => flip(0)],
      ['with a flipped payload', () => flip(1)],
      ['with a flipped signature', () => flip(2)],
      ['with a tail', () => `${token}.x`],
      ['with padding', () => `${token}=`],
      ['that has expired', () => forge(token, { secret: JWT_SECRET, claims: { exp: now - 1 } })],
      [
        'that never expires',
        () => forge(token, { secret: JWT_SECRET, claims: { exp: undefined } }),
      ],
      [
        'from the future',
        () => forge(token, { secret: JWT_SECRET, claims: { iat: now + 600, exp: now + 900 } }),
      ],
      ['of another issuer', () => forge(token, { secret: JWT_SECRET, claims: { iss: 'other' } })],
      [
        'for another audience',
        () => forge(token, { secret: JWT_SECRET, claims: { aud: 'other' } }),
      ],
      ['of another type', () => forge(token, { secret: JWT_SECRET, header: { typ: 'JWT' } })],
      ['of 8 KiB', () => forge(token, { secret: JWT_SECRET, claims: { x: 'x'.repeat(8_192) } })],
      ['that is none', () => 'a.b.c'],
      ['that is a number', () => '5'],
    ]
    test.each(forged)('%s is refused, always with the same words', async (_name, make) => {
      const ask = (bearer: string) => server.send('/balance', { token: bearer, id: 'same' })
      const answer = await ask(make())
      expectProblem(answer, 'invalid-token')
      expect(answer.text).toBe((await ask('nonsense')).text)
    })

    test('signed with the secret before the rotation is taken, one of its own never', async () => {
      expect(
        (await server.send('/balance', { token: forge(token, { secret: PREVIOUS }) })).status,
      ).toBe(200)
      const now = forge(token, { secret: JWT_SECRET })
      expect(now).toBe(token)
      expect(claimsOf(token)['sub']).toBe('ada')
    })

    test('of another player cannot be made by naming it', async () => {
      const other = forge(token, { secret: 'guessed', claims: { sub: 'bob' } })
      expectProblem(await server.send('/balance', { token: other }), 'invalid-token')
    })

    test('to refresh with is none to read with', async () => {
      const { refreshToken } = (await server.send('/login', { body: { userId: 'refresher' } })).body
      expectProblem(await server.send('/balance', { token: String(refreshToken) }), 'invalid-token')
    })

    test('in the query, a cookie or another scheme is no credential', async () => {
      expectProblem(await server.send(`/wallet?access_token=${token}`), 'unauthenticated')
      const cookie = { cookie: `token=${token}` }
      expectProblem(await server.send('/wallet', { headers: cookie }), 'unauthenticated')
      for (const authorization of [
        token,
        `Basic ${token}`,
        `Token ${token}`,
        'Bearer',
        'Bearer ',
      ]) {
        expectProblem(await server.send('/wallet', { headers: { authorization } }), 'invalid-token')
      }
    })

    test('counts however its scheme is written, but stands alone', async () => {
      for (const scheme of ['Bearer', 'bearer', 'BEARER']) {
        const headers = { authorization: `${scheme} ${token}` }
        expect((await server.send('/wallet', { headers })).status).toBe(200)
      }
      for (const authorization of [`Bearer  ${token}`, `Bearer ${token} x`, `Bearer ${token},`]) {
        expectProblem(await server.send('/wallet', { headers: { authorization } }), 'invalid-token')
      }
    })

    test('is not believed when there are two', async () => {
      const operator = `Authorization: Bearer ${server.keys.operator}`
      const pairs = [
        [`Authorization: Bearer ${token}`, 'authorization: Bearer other'],
        [`Authorization: Bearer ${token}`, `AUTHORIZATION: Bearer ${token}`],
        [operator, `Authorization: Bearer ${token}`],
      ]
      for (const headers of pairs) {
        const sent = await exchange(server.url, aRequest({ path: '/wallet', headers }), {
          answers: 1,
        })
        const [answer] = answersIn(sent)
        expect(answer?.status).toBe(401)
        if (answer) expectProblemDocument(answer)
      }
    })

    test('of a key that was revoked is refused from the next request on', async () => {
      const { keys } = server.books.accounts
      const { id, key } = await keys.create({ scope: 'operator' })
      expect((await server.send('/user/ada', { token: key })).status).toBe(200)
      await keys.revoke(id)
      expectProblem(await server.send('/user/ada', { token: key }), 'invalid-token')
      const wrongScope = server.keys.server.replace('ql_server_', 'ql_operator_')
      expectProblem(await server.send('/user/ada', { token: wrongScope }), 'invalid-token')
    })
  })
})
