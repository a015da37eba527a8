// Thousands of requests that nobody thought of. One seed decides them all; a failure names the
// request's number, and the same seed makes the same requests again.
import { ROUTES, type Route } from '@questline/contracts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { booksViolations } from '../books-invariants.ts'
import { DATABASES } from '../database.ts'
import { PLAIN_QUESTLINE } from '../report-runs/plain-questline.ts'
import type { Answer, Sent } from './client.ts'
import { expectProblemDocument } from './problem.ts'
import { answersIn, exchange } from './raw.ts'
import { type RightRequest, rightRequest, toSend } from './requests.ts'
import { startServer, type TestServer } from './server.ts'

const SEED = 20_260_301
const REQUESTS = 2_500
const RAW_REQUESTS = 300
const AT_ONCE = 16
const TIME_MS_MAX = 10_000

/** A small generator of good enough numbers: mulberry32. */
function createDice(seed: number) {
  let state = seed
  const roll = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
  const below = (max: number): number => Math.floor(roll() * max)
  return {
    below,
    chance: (share: number): boolean => roll() < share,
    pick: <T>(from: readonly [T, ...T[]] | readonly T[]): T => from[below(from.length)] as T,
  }
}
type Dice = ReturnType<typeof createDice>

const VALUES: readonly unknown[] = [
  ...[0, 1, -1, 5, 1.5, 100_000, 100_001, 2 ** 53, -(2 ** 53), 1e308, Number.MAX_SAFE_INTEGER],
  ...[
    '',
    ' ',
    '0',
    'null',
    'coins',
    'gems',
    'ada',
    'nobody',
    'x',
    '👾',
    '\0',
    '\ud800',
    'a\nb',
    '\u202e',
  ],
  ...[
    "'; DROP TABLE players; --",
    '#{7*7}',
    '<script>',
    '../../etc/passwd',
    '%00',
    '{{x}}',
    '$1',
    '?',
  ],
  ...[
    '2026-03-01T00:00:00Z',
    '9999-12-31',
    '-1',
    'earn',
    'af_x',
    'x'.repeat(300),
    'é'.repeat(5_001),
  ],
  ...[
    true,
    false,
    null,
    [],
    {},
    [[]],
    { a: { b: [1, null] } },
    { constructor: 1 },
    { toString: 1 },
  ],
]
const NAMES = [
  'userId',
  'amount',
  'balance',
  'meta',
  '__proto__',
  'constructor',
  'length',
  '',
  'a.b',
  '$where',
]
const PATHS = [
  '/',
  '/nothing',
  '/metrics',
  '/user/',
  '/user/ada/',
  '//earn',
  '/earn/',
  '/%2e%2e/x',
  '/user/%',
  '*',
]
const METHODS = [
  'GET',
  'POST',
  'PUT',
  'DELETE',
  'PATCH',
  'HEAD',
  'OPTIONS',
  'TRACE',
  'PROPFIND',
  'LINK',
]
const TYPES = [
  'application/json',
  'application/json; charset=utf-8',
  'text/plain',
  'multipart/form-data',
  '',
  'x',
  null,
]
const HEADERS: readonly (readonly [string, readonly string[]])[] = [
  ['accept', ['*/*', 'text/html', 'application/json;q=0', ';;;', '']],
  ['content-encoding', ['gzip', 'identity', '']],
  ['origin', ['http://localhost:3000', 'null', 'https://evil.example', '%']],
  ['x-request-id', ['mine', 'a b', '', 'x'.repeat(65), '{"a":1}']],
  ['x-forwarded-for', ['1.2.3.4', '::1', "'"]],
  ['x-af-signature', ['', 'f'.repeat(64), 'x']],
  ['idempotency-key', ['k', '"k"', 'a b', '', 'x'.repeat(256), "'"]],
  [
    'authorization',
    ['', 'Bearer', 'Bearer  x', 'Basic eDp5', 'Bearer ql_operator_x', 'Bearer a.b.c'],
  ],
  ['range', ['bytes=0-1']],
  ['if-none-match', ['*']],
  ['access-control-request-method', ['GET', 'STEAL']],
]

describe.each(DATABASES)('on $name', (database) => {
  let server: TestServer
  const tokens: string[] = []
  beforeAll(async () => {
    server = await startServer(database, { reportsProgram: PLAIN_QUESTLINE })
    tokens.push(await server.guest('ada'), await server.guest('bob'), ...Object.values(server.keys))
  })
  afterAll(async () => {
    expect(await booksViolations(server.databaseUrl)).toEqual([])
    await server.stop()
  })

  test(`${REQUESTS} requests of seed ${SEED} get an answer of ours, and none is a 5xx`, async () => {
    const dice = createDice(SEED)
    const untilMs = performance.now() + TIME_MS_MAX
    const statuses = new Map<number, number>()
    let sent = 0
    while (sent < REQUESTS && performance.now() < untilMs) {
      const requests = Array.from({ length: AT_ONCE }, () => aRandomRequest(dice, tokens))
      const answers = await Promise.all(requests.map(([path, of]) => server.send(path, of)))
      answers.forEach((answer, i) => {
        expectOurs(answer, `request ${sent + i} of seed ${SEED}: ${JSON.stringify(requests[i])}`)
        statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1)
      })
      sent += AT_ONCE
    }
    expect(sent).toBeGreaterThanOrEqual(1_000)
    // Void, were all of them refused at the first door.
    for (const status of [200, 400, 401, 403, 404, 405, 415, 422]) {
      expect(statuses.get(status), `${status}: ${JSON.stringify([...statuses])}`).toBeGreaterThan(0)
    }
    expect((await server.send('/health')).body['status']).toBe('healthy')
  }, 30_000)

  test(`${RAW_REQUESTS} damaged requests of seed ${SEED} get an answer of ours or none`, async () => {
    const dice = createDice(SEED)
    const body = '{"amount":1,"reason":"x"}'
    const whole = `POST /earn?a=b HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${tokens[0]}\r\nContent-Type: application/json\r\nIdempotency-Key: k\r\nContent-Length: ${body.length}\r\n\r\n${body}`
    for (let i = 0; i < RAW_REQUESTS; i += 10) {
      const bytes = Array.from({ length: 10 }, () => damaged(dice, whole))
      const all = await Promise.all(
        bytes.map((each) => exchange(server.url, each, { patienceMs: 40, answers: 1 })),
      )
      all.forEach((one, j) => {
        const faults = one.statuses.filter((status) => status >= 500)
        expect(
          faults,
          `damaged request ${i + j}: ${JSON.stringify(bytes[j]?.toString('latin1'))}`,
        ).toEqual([])
        if (one.text.includes('\r\n\r\n')) answersIn(one)
      })
    }
    expect((await server.send('/health/live')).status).toBe(200)
  }, 30_000)

  const expectOurs = (answer: Answer, what: string) => {
    expect(answer.status, what).toBeLessThan(500)
    expect(answer.text, what).not.toMatch(/\n? +at .+:\d+:\d+|node_modules|SQLITE_|syntax error at/)
    for (const secret of tokens) expect(answer.text.includes(secret), what).toBe(false)
    if (answer.status >= 400 && answer.text !== '') {
      expectProblemDocument(answer)
    }
  }
})

/** A password is hashed for 15 ms whatever is right or wrong about it; a run is a process of its own. */
const isCostly = ({ id }: Route): boolean =>
  ['register', 'passwordLogin', 'runPipeline'].includes(id)
const COSTLY = ROUTES.filter(isCostly)
const CHEAP = ROUTES.filter((route) => !isCostly(route))

function aRandomRequest(dice: Dice, tokens: readonly string[]): [string, Sent] {
  const route = dice.chance(0.02) ? dice.pick(COSTLY) : dice.pick(CHEAP)
  const path = dice.chance(0.06) ? dice.pick(PATHS) : dice.pick([route.path, ...route.aliases])
  const [url, sent] = toSend(route, mutated(dice, route), path)
  const type = dice.chance(0.08) ? { type: dice.pick(TYPES) } : {}
  const method = dice.chance(0.06) ? { method: dice.pick(METHODS) } : {}
  // A logout would take its token from the requests that follow.
  const token = dice.chance(0.85) && route.id !== 'logout' ? { token: dice.pick(tokens) } : {}
  const headers = Object.fromEntries(
    HEADERS.filter(() => dice.chance(0.03)).map(([name, values]) => [name, dice.pick(values)]),
  )
  const key = dice.chance(0.3) ? { key: `k${dice.below(5)}` } : {}
  return [url, { ...sent, ...token, ...key, ...type, ...method, ...bodyOf(dice, sent), headers }]
}

function mutated(dice: Dice, route: Route): RightRequest {
  const right = rightRequest(route)
  const change = (part: Readonly<Record<string, unknown>> | undefined, schema: unknown) => {
    const known = Object.keys((schema as { properties?: object })?.properties ?? {})
    const fields: Record<string, unknown> = { ...part }
    while (dice.chance(0.4)) {
      const name = known.length > 0 && dice.chance(0.85) ? dice.pick(known) : dice.pick(NAMES)
      Object.defineProperty(fields, name, {
        value: dice.pick(VALUES),
        enumerable: true,
        configurable: true,
      })
    }
    return fields
  }
  const text = (fields: Record<string, unknown>) =>
    Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, wellFormed(value)]))
  return {
    ...(route.params ? { params: text(change(right.params, route.params)) } : {}),
    ...(route.query || dice.chance(0.05) ? { query: text(change(right.query, route.query)) } : {}),
    ...(right.body ? { body: change(right.body, route.body) } : {}),
  }
}

/** URLs cannot hold half a character; bodies can. */
const wellFormed = (value: unknown): string =>
  (typeof value === 'string' ? value : (JSON.stringify(value) ?? '')).toWellFormed()

/** Now and then the body as text with something done to it. */
function bodyOf(dice: Dice, sent: Sent): Pick<Sent, 'body'> {
  if (sent.body === undefined || !dice.chance(0.15)) return {}
  const text = JSON.stringify(sent.body)
  const at = dice.below(text.length)
  return {
    body: dice.pick([
      text.slice(0, at),
      `${text.slice(0, at)}\0${text.slice(at)}`,
      text.slice(0, at) + dice.pick(['"', '{', '}', ',', '\\', '\\u00', '[']) + text.slice(at),
      `[${text}]`,
      Buffer.from(text, 'utf16le'),
      Buffer.from([...Buffer.from(text.slice(0, at)), 0xff, 0xfe]),
    ]),
  }
}

/** One to three of its bytes replaced, removed or doubled. */
function damaged(dice: Dice, whole: string): Buffer {
  let bytes = [...Buffer.from(whole)]
  for (let left = 1 + dice.below(3); left > 0; left -= 1) {
    const at = dice.below(bytes.length)
    const between = dice.pick([
      [dice.below(256)],
      [],
      [bytes[at] ?? 0, bytes[at] ?? 0],
      [13, 10],
      [0],
    ])
    bytes = [...bytes.slice(0, at), ...between, ...bytes.slice(at + 1)]
  }
  return Buffer.from(bytes)
}
