// Bytes that are not quite HTTP, or arrive too slowly. What decides here is the parser and its
// limits, before any database, so one of them is enough.
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DATABASES } from '../database.ts'
import { expectProblemDocument } from './problem.ts'
import { answersIn, aPost, aRequest, converse, exchange, type RawRequest } from './raw.ts'
import { startServer, type TestServer } from './server.ts'

const [anyDatabase] = DATABASES
const KIB = 1_024

describe('what is sent at once', () => {
  let server: TestServer
  let token = ''
  beforeAll(async () => {
    server = await startServer(anyDatabase)
    token = await server.guest('ada')
  })
  afterAll(() => server.stop())

  const balance = async () => (await server.send('/balance', { token })).body['balance']
  /** An earn that hides in another request, and must not be seen. */
  const hidden = () => aPost('/earn', '{"amount":7}', [`Authorization: Bearer ${token}`])
  const post = (headers: readonly string[], body = ''): RawRequest => ({
    method: 'POST',
    path: '/earn',
    headers: ['Content-Type: application/json', `Authorization: Bearer ${token}`, ...headers],
    body,
  })

  describe('is refused, and the connection ends, when its length is unclear:', () => {
    test.each<[string, readonly string[], string]>([
      ['a length and chunks', ['Content-Length: 6', 'Transfer-Encoding: chunked'], '0\r\n\r\n'],
      ['chunks and a length', ['Transfer-Encoding: chunked', 'Content-Length: 6'], '0\r\n\r\n'],
      ['two lengths', ['Content-Length: 0', 'Content-Length: 5'], ''],
      ['a list of lengths', ['Content-Length: 0, 5'], ''],
      ['a negative length', ['Content-Length: -1'], ''],
      ['a length with a sign', ['Content-Length: +5'], ''],
      ['a hexadecimal length', ['Content-Length: 0x5'], ''],
      ['an endless length', [`Content-Length: ${'9'.repeat(40)}`], ''],
      ['an empty length', ['Content-Length: '], ''],
      ['an unknown coding', ['Transfer-Encoding: xchunked'], ''],
      ['a coding after chunks', ['Transfer-Encoding: chunked, identity'], '0\r\n\r\n'],
      ['a coding before chunks', ['Transfer-Encoding: gzip, chunked'], '0\r\n\r\n'],
      ['two codings', ['Transfer-Encoding: identity', 'Transfer-Encoding: chunked'], '0\r\n\r\n'],
      ['a space before the colon', ['Transfer-Encoding : chunked'], '0\r\n\r\n'],
      ['a folded line', ['Transfer-Encoding:\r\n chunked'], '0\r\n\r\n'],
      ['a chunk of no size', ['Transfer-Encoding: chunked'], 'x\r\n{}\r\n0\r\n\r\n'],
      ['a chunk of a negative size', ['Transfer-Encoding: chunked'], '-2\r\n{}\r\n0\r\n\r\n'],
      ['a chunk of a huge size', ['Transfer-Encoding: chunked'], `${'f'.repeat(20)}\r\n{}`],
      ['a chunk longer than it says', ['Transfer-Encoding: chunked'], '1\r\n{}\r\n0\r\n\r\n'],
      ['endless chunk extensions', ['Transfer-Encoding: chunked'], `2;${'x'.repeat(17 * KIB)}`],
    ])('%s', async (_name, headers, body) => {
      const sent = await exchange(server.url, aRequest(post(headers, body)) + hidden(), {
        patienceMs: 1_000,
      })
      expect(sent.closed).toBe(true)
      const answers = answersIn(sent)
      expect(answers).toHaveLength(1)
      for (const answer of answers) {
        expect([400, 413]).toContain(answer.status)
        expectProblemDocument(answer)
        expect(answer.headers['connection']).toBe('close')
      }
      expect(await balance()).toBe(0)
    })
  })

  describe('is refused when it is no request:', () => {
    test.each<[string, string, number]>([
      ['lines that end in a bare line feed', 'GET /health/live HTTP/1.1\nHost: a\n\n', 400],
      ['lines that end in a bare return', 'GET /health/live HTTP/1.1\rHost: a\r\r', 400],
      ['a NUL in a header', aRequest({ headers: ['X-A: a\0b'] }), 400],
      ['a NUL in a header’s name', aRequest({ headers: ['X\0A: b'] }), 400],
      ['a return in a header', aRequest({ headers: ['X-A: a\rX-B: b'] }), 400],
      ['a header without a name', aRequest({ headers: [': b'] }), 400],
      ['a header without a colon', aRequest({ headers: ['nothing'] }), 400],
      ['an unknown method', aRequest({ method: 'STEAL' }), 400],
      ['a method in lower case', aRequest({ method: 'get' }), 400],
      ['a version of the future', aRequest({ version: 'HTTP/1.2' }), 400],
      ['a preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
      ['a TLS handshake', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 400],
      ['no host', aRequest({ host: null }), 400],
      ['two hosts', aRequest({ headers: ['Host: other'] }), 400],
      ['bytes above ASCII in the path', aRequest({ path: '/health/l\xefve' }), 400],
      ['a space in the path', aRequest({ path: '/health /live' }), 400],
      ['more than 16 KiB of headers', aRequest({ headers: [`X-A: ${'x'.repeat(16 * KIB)}`] }), 431],
      [
        '2,000 headers',
        aRequest({ headers: Array.from({ length: 2_000 }, (_, i) => `X-${i}: 1`) }),
        431,
      ],
      ['a URL of 64 KiB', aRequest({ path: `/${'x'.repeat(64 * KIB)}` }), 414],
      ['a query of 64 KiB', aRequest({ path: `/track?campaign=${'x'.repeat(64 * KIB)}` }), 414],
      ['a tunnel', aRequest({ method: 'CONNECT', path: 'other.example:443' }), 405],
    ])('%s', async (_name, bytes, status) => {
      const sent = await exchange(server.url, Buffer.from(bytes, 'latin1'), { patienceMs: 1_000 })
      expect(sent, sent.text).toMatchObject({ statuses: [status], closed: true })
      for (const answer of answersIn(sent)) expectProblemDocument(answer)
    })
  })

  test.each<[string, RawRequest, number]>([
    ['TRACE', { method: 'TRACE' }, 405],
    ['a method that no path has', { method: 'PROPFIND', path: '/earn' }, 405],
    ['a method that no path has, anywhere', { method: 'SEARCH', path: '/nothing' }, 405],
    [
      'an absolute address, whose host counts for nothing',
      { path: 'http://other/health/live' },
      200,
    ],
    ['an expectation that nobody knows', { headers: ['Expect: a-miracle'] }, 200],
    [
      'a wish for another protocol',
      { headers: ['Connection: Upgrade', 'Upgrade: websocket'] },
      200,
    ],
    ['HTTP/1.0 without a host', { version: 'HTTP/1.0', host: null }, 200],
    ['two slashes', { path: '//health/live' }, 404],
    ['a slash at the end', { path: '/health/live/' }, 404],
    ['another case', { path: '/Health/Live' }, 404],
    ['a way upwards', { path: '/track/../health/live' }, 404],
    ['an encoded way upwards', { path: '/user/..%2f..%2fhealth' }, 401],
    ['a matrix parameter', { path: '/health/live;a=b' }, 404],
    ['a body where none is read', { headers: ['Content-Length: 5'], body: 'hello' }, 200],
    ['a preflight of everything', { method: 'OPTIONS', path: '*' }, 204],
  ])('is answered when it is only unusual: %s', async (_name, parts, status) => {
    const bytes = Buffer.from(aRequest(parts), 'latin1')
    const sent = await exchange(server.url, bytes, { answers: 1 })
    expect(sent.statuses, sent.text).toEqual([status])
  })

  test('a body that nobody reads is not the next request', async () => {
    for (const path of ['/balance', '/nothing', '/health/live']) {
      const inside = hidden()
      const headers = [`Authorization: Bearer ${token}`, `Content-Length: ${inside.length}`]
      const outer = aRequest({ path, headers, body: inside })
      const sent = await exchange(server.url, outer + aRequest(), { answers: 2, patienceMs: 1_000 })
      expect(sent.statuses.at(-1)).toBe(200)
      expect(sent.text).toContain('{"status":"alive"}')
    }
    expect(await balance()).toBe(0)
  })

  test('a client that waits for leave to send gets it', async () => {
    const head = post(['Expect: 100-continue', 'Content-Length: 13'])
    const sent = await converse(
      server.url,
      (socket) => {
        socket.write(aRequest(head))
        socket.once('data', () => socket.write('{"amount":20}'))
      },
      { answers: 2 },
    )
    expect(sent.statuses).toEqual([100, 200])
    await server.send('/spend', { token, body: { amount: 20 } })
  })

  test('a thousand requests in one breath are answered in their order', async () => {
    const ids = Array.from({ length: 1_000 }, (_, i) => `request-${i}`)
    const bytes = ids.map((id) =>
      aRequest({
        path: '/balance',
        headers: [`Authorization: Bearer ${token}`, `X-Request-ID: ${id}`],
      }),
    )
    const sent = await exchange(server.url, bytes.join(''), { answers: 1_000, patienceMs: 10_000 })
    expect(new Set(sent.statuses)).toEqual(new Set([200]))
    expect([...sent.text.matchAll(/x-request-id: (\S+)/g)].map(([, id]) => id)).toEqual(ids)
  })

  test('garbage after a request does not overtake its answer', async () => {
    const earn = aPost('/earn', '{"amount":3}', [`Authorization: Bearer ${token}`])
    const sent = await exchange(server.url, `${earn}GARBAGE\r\n\r\n`)
    expect(sent).toMatchObject({ statuses: [200, 400], closed: true })
    expect(answersIn(sent)[0]?.body['amount']).toBe(3)
    await server.send('/spend', { token, body: { amount: 3 } })
    expect(await balance()).toBe(0)
  })

  test('a refused request does not hold the connection open for its body', async () => {
    const sent = await exchange(
      server.url,
      aRequest({ method: 'POST', path: '/nothing', headers: ['Content-Length: 9999999'] }),
      { answers: 1, patienceMs: 1_000 },
    )
    expect(sent.statuses).toEqual([404])
  })
})

describe('what is sent or read too slowly', () => {
  const REQUEST_MS = 300
  /** The server looks at its connections every other second. */
  const CLOSED_MS_MAX = REQUEST_MS + 4_000
  let server: TestServer
  let token = ''
  beforeAll(async () => {
    server = await startServer(anyDatabase, {
      settings: { REQUEST_TIMEOUT_MS: `${REQUEST_MS}` },
    })
    token = await server.guest('ada')
  })
  afterAll(() => server.stop())

  /** One byte every 20 ms, for ever. */
  const drip = (first: string, byte: string) =>
    converse(
      server.url,
      (socket) => {
        socket.write(first)
        const timer = setInterval(() => socket.write(byte), 20)
        socket.on('close', () => clearInterval(timer))
      },
      { patienceMs: CLOSED_MS_MAX + 2_000 },
    )

  test('ends in time, while others are answered', async () => {
    const json = ['Content-Type: application/json', `Authorization: Bearer ${token}`]
    const body = aRequest({
      method: 'POST',
      path: '/earn',
      headers: [...json, 'Content-Length: 999'],
    })
    const chunks = aRequest({
      method: 'POST',
      path: '/earn',
      headers: [...json, 'Transfer-Encoding: chunked'],
    })
    const slow = Promise.all([
      drip('GET /health/live HTTP/1.1\r\nHost: a\r\nX-A: ', 'x'),
      drip('', 'G'),
      drip(body, ' '),
      drip(chunks, '1\r\n \r\n'),
    ])
    const silent = Array.from({ length: 500 }, () =>
      exchange(server.url, '', { patienceMs: CLOSED_MS_MAX + 2_000 }),
    )
    const times: number[] = []
    for (let i = 0; i < 50; i += 1) {
      const startedMs = performance.now()
      expect((await server.send('/balance', { token })).status).toBe(200)
      times.push(performance.now() - startedMs)
    }
    expect(times.sort((a, b) => a - b)[47]).toBeLessThan(250)

    for (const sent of await slow) {
      expect(sent.closed, sent.text).toBe(true)
      expect(sent.ms).toBeLessThan(CLOSED_MS_MAX)
      const [answer] = answersIn(sent)
      if (answer) expect([400, 408]).toContain(answer.status)
    }
    for (const sent of await Promise.all(silent)) {
      expect(sent.closed).toBe(true)
      expect(sent.ms).toBeLessThan(CLOSED_MS_MAX)
    }
    expect((await server.send('/balance', { token })).body['balance']).toBe(0)
  })

  test('a request that did not arrive is told so, and when to come again', async () => {
    const sent = await exchange(server.url, 'GET /health/live HTTP/1.1\r\nHost: a\r\n')
    expect(sent).toMatchObject({ statuses: [408], closed: true })
    for (const answer of answersIn(sent)) expectProblemDocument(answer)
  })

  test('a client that goes on sending after it was refused is cut off', async () => {
    const { port, hostname } = new URL(server.url)
    const socket = connect({ port: Number(port), host: hostname, allowHalfOpen: true })
    const timer = setInterval(() => socket.write('more'), 20)
    socket.on('error', () => undefined)
    socket.write('GARBAGE\r\n\r\n')
    const startedMs = performance.now()
    await new Promise((resolve) => socket.resume().on('close', resolve))
    clearInterval(timer)
    expect(performance.now() - startedMs).toBeLessThan(2_000)
  })

  test('an answer that nobody takes is given up', async () => {
    expect(server.app.server.timeout).toBe(30_000)
    server.app.server.setTimeout(500)
    const meta = 'x'.repeat(5_000)
    await Promise.all(
      Array.from({ length: 300 }, () =>
        server.send('/event', { token, body: { eventType: 'x', meta } }),
      ),
    )
    const list = aRequest({
      path: '/events?limit=300',
      headers: [`Authorization: Bearer ${token}`],
    })
    const { ms, closed } = await converse(
      server.url,
      (socket) => {
        socket.pause()
        socket.write(list.repeat(20))
        // Reading again is the only way to learn that the other side is gone.
        setTimeout(() => socket.resume(), 2_000)
      },
      { patienceMs: 8_000 },
    )
    expect(closed).toBe(true)
    expect(ms).toBeLessThan(7_000)
    expect((await server.send('/health/live')).status).toBe(200)
  })
})
