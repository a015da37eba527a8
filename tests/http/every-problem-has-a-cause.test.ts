// Each code of the problem table, produced by a request. A new code without a cause fails to compile,
// and one without a reason to be missing fails here.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { LIMITS, PROBLEMS, type ProblemCode } from '@questline/contracts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DATABASES } from '../database.ts'
import { plainSql } from '../plain-sql.ts'
import { PLAIN_QUESTLINE } from '../report-runs/plain-questline.ts'
import type { Answer, Sent } from './client.ts'
import { anInstall, aPurchase } from './game-events.ts'
import { expectProblem } from './problem.ts'
import { answersIn, aPost, aRequest, converse, exchange, type RawRequest } from './raw.ts'
import { PRODUCTION, startServer, type TestServer } from './server.ts'
import { createSwitch } from './switch.ts'

type Servers = {
  /** Of development, its store behind `disk`. */
  readonly open: TestServer
  /** Of production, with every limit at its smallest. */
  readonly tight: TestServer
  readonly disk: ReturnType<typeof createSwitch>
  /** Of a player with 10 coins at `open`. */
  readonly token: string
}
type Cause = (servers: Servers) => Promise<Answer>

const TIGHT = {
  ...PRODUCTION,
  RATE_LIMIT: 'on',
  RATE_LIMIT_TRACK: '1/1',
  PLAYER_EARN: 'on',
  EARN_DAILY_MAX: '5',
  REQUEST_TIMEOUT_MS: '100',
}

const at =
  (path: string, sent: Sent = {}): Cause =>
  ({ open, token }) =>
    open.send(path, { token, ...sent })
/** With the key that a game ships with. */
const send =
  (path: string, sent: Sent): Cause =>
  ({ open }) =>
    open.send(path, { token: open.keys.ingest, ...sent })
const raw =
  (parts: RawRequest): Cause =>
  async ({ open }) => {
    const [answer] = answersIn(await exchange(open.url, aRequest(parts), { patienceMs: 2_000 }))
    if (!answer) throw new Error('it was not answered')
    return answer
  }
const earn = (amount: number, more: Sent = {}) => at('/earn', { body: { amount }, ...more })
/** The answer to the last of several. */
const after =
  (...causes: readonly Cause[]): Cause =>
  async (servers) => {
    let last: Answer | undefined
    for (const cause of causes) last = await cause(servers)
    if (!last) throw new Error('nothing was sent')
    return last
  }

const credentials = { username: 'taken', password: 'long enough' }
const purchased = aPurchase({ transaction_id: 'bought' })
const bought = (body: object): Cause => send('/v1/events/purchase', { body })
const CAUSES: Readonly<Record<ProblemCode, Cause | string>> = {
  'malformed-body': earn(0, { body: '{"amount":' }),
  'malformed-request': at('/events?limit=1&limit=1'),
  'idempotency-key-missing': 'no route demands a key yet',
  'idempotency-key-invalid': earn(1, { key: 'a b' }),
  unauthenticated: at('/balance', { token: undefined }),
  'invalid-token': at('/balance', { token: 'no.token.atall' }),
  'invalid-credentials': at('/auth/refresh', { body: { refreshToken: 'unknown' } }),
  'invalid-signature': at('/af/postback', { body: '{}', headers: { 'x-af-signature': 'wrong' } }),
  forbidden: ({ open }) => open.send('/balance', { token: open.keys.operator }),
  'not-your-account': earn(1, { body: { amount: 1, userId: 'other' } }),
  'door-closed': ({ tight }) => tight.send('/metrics', { token: tight.keys.server }),
  'password-required': after(at('/auth/register', { body: credentials }), async ({ open }) => {
    const { userId } = (await open.send('/auth/login', { body: credentials })).body
    return open.send('/login', { body: { userId } })
  }),
  'reserved-id': at('/login', { body: { userId: 'p_mine' } }),
  'device-secret-unbound': async ({ tight }) => {
    const row = "INSERT INTO players (player_id, created_at) VALUES ('old', 0)"
    await plainSql(tight.databaseUrl, row, 'UPDATE player_count SET players = players + 1')
    return tight.send('/login', { body: { userId: 'old' } })
  },
  'device-secret-required': ({ tight }) => tight.send('/login', { body: { userId: 'new' } }),
  'wrong-app': send('/v1/events/install', { body: anInstall({ app_id: 'another' }) }),
  'not-found': at('/nothing/here'),
  'unknown-player': at('/user/somebody-else'),
  'no-report': ({ open }) => open.send('/reports/roas_d1', { token: open.keys.operator }),
  'method-not-allowed': at('/earn', { method: 'GET' }),
  'not-acceptable': at('/balance', { headers: { accept: 'image/png' } }),
  'request-timeout': async ({ tight }) => {
    const [answer] = answersIn(await exchange(tight.url, 'GET /slow HTTP/1.1\r\nHost:'))
    if (!answer) throw new Error('it was not answered')
    return answer
  },
  'username-taken': after(
    at('/auth/register', { body: credentials }),
    at('/auth/register', { body: credentials }),
  ),
  'insufficient-funds': at('/spend', { body: { amount: 100_000 } }),
  'balance-limit': after(
    ({ open }) => {
      const body = { userId: 'ada', balance: LIMITS.balanceMax, currency: 'full' }
      return open.send('/user/update', { method: 'PUT', token: open.keys.operator, body })
    },
    earn(1, { body: { amount: 1, currency: 'full' } }),
  ),
  'daily-earn-limit': async ({ tight }) => {
    const token = await tight.guest('eager')
    return tight.send('/earn', { token, body: { amount: 6 } })
  },
  'idempotency-key-in-use': async (servers) => {
    servers.disk.hold()
    const first = earn(1, { key: 'in-use' })(servers)
    const second = await earn(1, { key: 'in-use' })(servers)
    servers.disk.release()
    const answers = [await first, second]
    return answers.find(({ status }) => status !== 200) ?? second
  },
  'event-id-conflict': after(bought(purchased), bought({ ...purchased, quantity: 2 })),
  'transaction-conflict': after(
    bought(purchased),
    bought(aPurchase({ transaction_id: 'bought', player_id: 'another' })),
  ),
  'run-in-progress': async ({ open }) => {
    await writeFile(join(open.dataDir, 'how'), 'endless')
    const begun = await open.send('/run-pipeline?wait=false', { method: 'POST' })
    expect(begun.status, begun.text).toBe(202)
    return open.send('/run-pipeline', { method: 'POST' })
  },
  'body-too-large': earn(1, { body: { amount: 1, reason: 'x'.repeat(17_000) } }),
  'batch-too-large': send('/v1/events', { body: { events: Array(LIMITS.batchEventsMax + 1) } }),
  'uri-too-long': raw({ path: `/${'x'.repeat(20_000)}` }),
  'unsupported-media-type': earn(1, { type: 'text/plain' }),
  'unsupported-encoding': send('/v1/events', {
    body: '{}',
    headers: { 'content-encoding': 'compress' },
  }),
  'invalid-request': earn(0),
  'idempotency-key-reused': after(earn(1, { key: 'reused' }), earn(2, { key: 'reused' })),
  'password-too-common': at('/auth/register', { body: { username: 'new', password: 'password1' } }),
  'reserved-event-type': at('/event', { body: { eventType: 'earn' } }),
  'too-many-requests': after(
    ({ tight }) => tight.send('/track'),
    ({ tight }) => tight.send('/track'),
  ),
  'headers-too-large': raw({ headers: [`X-Large: ${'x'.repeat(17_000)}`] }),
  'internal-error': (servers) => {
    servers.disk.failNext(new Error('a planted bug'))
    return earn(1)(servers)
  },
  overloaded: async ({ disk }) => {
    const full = await startServer(DATABASES[0], {
      settings: { COMMIT_QUEUE_MAX: '1' },
      world: { decorateStore: disk.decorate },
    })
    const token = await full.guest('ada')
    const writing = { token, body: { amount: 1 } }
    disk.hold()
    const first = full.send('/earn', writing)
    while (disk.held() === 0) await new Promise(setImmediate)
    const second = full.send('/earn', writing)
    while (full.books.writer.stats().depth === 0) await new Promise(setImmediate)
    const answer = await full.send('/earn', writing)
    disk.release()
    expect([(await first).status, (await second).status]).toEqual([200, 200])
    await full.stop()
    return answer
  },
  'store-unavailable': async (servers) => {
    servers.disk.break()
    const answer = await earn(1)(servers)
    servers.disk.mend()
    return answer
  },
  'shutting-down': async ({ disk }) => {
    const leaving = await startServer(DATABASES[0], { world: { decorateStore: disk.decorate } })
    const token = await leaving.guest('ada')
    disk.hold()
    const held = leaving.send('/earn', { token, body: { amount: 1 } })
    while (disk.held() === 0) await new Promise(setImmediate)
    // Begun before the stop, so that its connection still stands, and complete only after it.
    const begun = await converse(leaving.url, async (socket) => {
      const whole = aPost('/earn', '{"amount":1}', [`Authorization: Bearer ${token}`])
      socket.write(whole.slice(0, 20))
      await new Promise((resolve) => setTimeout(resolve, 50))
      const halting = leaving.halt()
      socket.write(whole.slice(20))
      await new Promise((resolve) => setTimeout(resolve, 50))
      disk.release()
      await halting
    })
    expect((await held).status).toBe(200)
    await leaving.stop()
    return answersIn(begun)[0] ?? Promise.reject(new Error('it was not answered'))
  },
}

describe.each(DATABASES)('on $name', (database) => {
  const disk = createSwitch()
  let servers: Servers
  beforeAll(async () => {
    const open = await startServer(database, {
      world: { decorateStore: disk.decorate },
      reportsProgram: PLAIN_QUESTLINE,
    })
    const tight = await startServer(database, { settings: TIGHT })
    const token = await open.guest('ada')
    await open.send('/earn', { token, body: { amount: 10 } })
    servers = { open, tight, disk, token }
  })
  afterAll(() => Promise.all([servers.open.stop(), servers.tight.stop()]))

  const caused = Object.entries(CAUSES).filter(([, cause]) => typeof cause !== 'string')
  test.each(caused)('%s', async (code, cause) => {
    if (typeof cause === 'string') return
    expectProblem(await cause(servers), code as ProblemCode)
  })
})

test('every code has a cause, or a reason to have none', () => {
  expect(Object.keys(CAUSES).sort()).toEqual(Object.keys(PROBLEMS).sort())
  const without = Object.entries(CAUSES).filter(([, cause]) => typeof cause === 'string')
  expect(without).toEqual([['idempotency-key-missing', 'no route demands a key yet']])
})
