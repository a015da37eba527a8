// Rates per player and per address, failed logins, and what happens when the queue of writes is full.
// The clock stands still until a test moves it, so that the numbers are exact.
import { ROUTES } from '@questline/contracts'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { DATABASES } from '../database.ts'
import { aClock, type TestClock } from '../fresh-accounts.ts'
import type { Answer, Sent } from './client.ts'
import { expectProblem } from './problem.ts'
import { aPost, aRequest, exchange } from './raw.ts'
import { startServer, type TestServer } from './server.ts'
import { createSwitch } from './switch.ts'

/** Asks one after the other, in small groups, until one is refused; how many were not. */
async function untilRefused(ask: (n: number) => Promise<Answer>, max: number) {
  for (let n = 0; n <= max; n += 1) {
    const answer = await ask(n)
    if (answer.status === 429) return { answered: n, answer }
  }
  throw new Error(`none of ${max + 1} was refused`)
}

describe.each(DATABASES)('rates on $name', (database) => {
  let clock: TestClock
  let server: TestServer
  beforeEach(async () => {
    clock = aClock()
    server = await startServer(database, { settings: { RATE_LIMIT: 'on' }, world: { clock } })
  })
  afterEach(() => server.stop())

  const failLogin = (n: number, more: Sent = {}) =>
    server.send('/auth/refresh', { body: { refreshToken: `guess-${n}` }, ...more })

  test('a player asks 300 times at once and 50 times a second, and is told when to come again', async () => {
    const [token, other] = [await server.guest('ada'), await server.guest('bob')]
    const ask = () => server.send('/balance', { token })
    const first = await untilRefused(ask, 300)
    expect(first.answered).toBe(300)
    expectProblem(first.answer, 'too-many-requests')
    expect(first.answer.headers['retry-after']).toBe('1')
    // Nothing that the player sends is tried, whatever session it comes from.
    const again = await server.guest('ada')
    expectProblem(
      await server.send('/earn', { token: again, body: { amount: 1 } }),
      'too-many-requests',
    )
    expect((await server.send('/balance', { token: other })).status).toBe(200)
    clock.advance(1_000)
    expect((await untilRefused(ask, 50)).answered).toBe(50)
  })

  test('an address asks 1,000 times at once and 200 times a second; probes and keys do not count', async () => {
    const ask = (headers = {}) => server.send('/problems/not-found', { headers })
    const first = await untilRefused(() => ask(), 1_000)
    expect(first.answered).toBe(1_000)
    expectProblem(first.answer, 'too-many-requests')

    for (const path of ['/openapi.json', '/docs', '/redoc']) {
      expectProblem(await server.send(path), 'too-many-requests')
    }
    for (const path of ['/health', '/health/live', '/health/ready', '/metrics']) {
      expect((await server.send(path)).status).toBe(200)
    }
    const { operator, server: ofStudio, ingest } = server.keys
    for (let n = 0; n < 50; n += 1) {
      const body = { userId: 'nobody', amount: 1 }
      expectProblem(await server.send('/earn', { token: ofStudio, body }), 'unknown-player')
      expectProblem(await server.send('/user/nobody', { token: operator }), 'unknown-player')
    }
    expectProblem(await server.send('/earn', { token: ingest, body: {} }), 'too-many-requests')
    const guessed = `${operator.slice(0, -1)}_`
    expectProblem(await server.send('/user/nobody', { token: guessed }), 'too-many-requests')
    expectProblem(await ask({ 'x-forwarded-for': '203.0.113.7' }), 'too-many-requests')

    clock.advance(1_000)
    expect((await untilRefused(() => ask(), 200)).answered).toBe(200)
  })

  test('20 failed logins a minute, whatever was guessed, and then the address waits', async () => {
    await server.send('/auth/register', { body: { username: 'real', password: 'long enough' } })
    const password = 'wrong guess'
    const guesses = [
      (n: number) => failLogin(n),
      () => server.send('/auth/login', { body: { username: 'real', password } }),
      (n: number) => server.send('/auth/login', { body: { username: `unreal-${n}`, password } }),
    ]
    const guess = (n: number) => guesses[n % guesses.length]?.(n) ?? failLogin(n)
    // The registration was the first of the twenty.
    const { answered, answer } = await untilRefused(guess, 20)
    expect(answered).toBe(19)
    expectProblem(answer, 'too-many-requests')
    expect(answer.headers['retry-after']).toBe('3')
    const right = { username: 'real', password: 'long enough' }
    expectProblem(await server.send('/auth/login', { body: right }), 'too-many-requests')
    expectProblem(await server.send('/auth/register', { body: right }), 'too-many-requests')

    clock.advance(3_000)
    expect((await server.send('/auth/login', { body: right })).status).toBe(200)
    expect((await failLogin(1)).status).toBe(401)
    expectProblem(await failLogin(2), 'too-many-requests')
  })

  test('wrong guesses in one breath are stopped like those one by one', async () => {
    const answers = await Promise.all(Array.from({ length: 60 }, (_, n) => failLogin(n)))
    const count = (status: number) => answers.filter((answer) => answer.status === status).length
    expect([count(401), count(429)]).toEqual([20, 40])
    const login = (n: number) =>
      server.send('/auth/login', { body: { username: `name-${n}`, password: 'wrong guess' } })
    clock.advance(6_000)
    const later = await Promise.all(Array.from({ length: 20 }, (_, n) => login(n)))
    expect(later.filter(({ status }) => status === 401)).toHaveLength(2)
  })

  test('a hundred right logins in one breath pass, and ten a second after them', async () => {
    const login = (n: number) => server.send('/login', { body: { userId: `guest-${n}` } })
    const answers = await Promise.all(Array.from({ length: 100 }, (_, n) => login(n)))
    expect(answers.filter(({ status }) => status !== 200)).toEqual([])
    expectProblem(await login(100), 'too-many-requests')
    clock.advance(1_000)
    expect((await untilRefused(login, 10)).answered).toBe(10)
  })

  test('deeplinks are opened 50 times at once and 10 times a second', async () => {
    const open = () => server.send('/track?campaign=spring')
    const { answered, answer } = await untilRefused(open, 50)
    expect(answered).toBe(50)
    expectProblem(answer, 'too-many-requests')
    clock.advance(1_000)
    expect((await untilRefused(open, 10)).answered).toBe(10)
    expect((await server.send('/health')).body['checks']).toMatchObject({ events: 60 })
  })

  test('what is refused by a rate has no effect', async () => {
    const token = await server.guest('ada')
    await untilRefused(() => server.send('/balance', { token }), 300)
    const earn = () => server.send('/earn', { token, key: 'k', body: { amount: 1 } })
    expectProblem(await earn(), 'too-many-requests')
    clock.advance(1_000)
    const retried = await earn()
    expect([retried.status, retried.headers['idempotency-replayed']]).toEqual([200, undefined])
  })
})

describe.each(DATABASES)('behind a proxy on $name', (database) => {
  test('the address that the trusted proxy names is the one that counts', async () => {
    const clock = aClock()
    const settings = { RATE_LIMIT: 'on', TRUST_PROXY: '127.0.0.1', RATE_LIMIT_ADDRESS: '1/5' }
    const server = await startServer(database, { settings, world: { clock } })
    const ask = (address: string) =>
      server.send('/problems/not-found', { headers: { 'x-forwarded-for': address } })
    expect((await untilRefused(() => ask('203.0.113.7'), 5)).answered).toBe(5)
    expect((await ask('203.0.113.8')).status).toBe(200)
    // What the client itself wrote there is not believed.
    expectProblem(await ask('198.51.100.1, 203.0.113.7'), 'too-many-requests')
    // A household of IPv6 has 2^64 addresses and is one.
    expect((await untilRefused((n) => ask(`2001:db8:1:2::${n.toString(16)}`), 5)).answered).toBe(5)
    expect((await ask('2001:db8:1:3::1')).status).toBe(200)
    await server.stop()
  })

  test('ten failures on one account make the next wait, wherever they come from', async () => {
    const clock = aClock()
    const settings = { RATE_LIMIT: 'on', TRUST_PROXY: '127.0.0.1' }
    const server = await startServer(database, { settings, world: { clock } })
    const from = (n: number) => ({ 'x-forwarded-for': `203.0.113.${n}` })
    await server.send('/auth/register', {
      body: { username: 'victim', password: 'long enough' },
      headers: from(200),
    })
    const guess = (n: number, password = 'wrong guess') =>
      server.send('/auth/login', { body: { username: 'victim', password }, headers: from(n) })
    const { answered, answer } = await untilRefused((n) => guess(n), 20)
    expect(answered).toBe(10)
    expectProblem(answer, 'too-many-requests')
    // Never locked for good: after the delay who knows the password is let in.
    clock.advance(1_000)
    expect((await guess(201, 'long enough')).status).toBe(200)
    await server.stop()
  })
})

describe.each(DATABASES)('a queue that is full on $name, with rates off', (database) => {
  const QUEUE_MAX = 8
  const disk = createSwitch()
  let clock: TestClock
  let server: TestServer
  let token = ''
  beforeEach(async () => {
    clock = aClock()
    server = await startServer(database, {
      settings: { COMMIT_QUEUE_MAX: `${QUEUE_MAX}` },
      world: { clock, decorateStore: disk.decorate },
    })
    token = await server.guest('ada')
  })
  afterEach(async () => {
    // Also when a test failed in between.
    disk.release()
    await server.stop()
  })

  const earn = () => server.send('/earn', { token, body: { amount: 1 } })
  /** One commit that is under way, and `depth` writes behind it. */
  async function fill(depth: number): Promise<Promise<Answer>[]> {
    disk.hold()
    const writes = [earn()]
    while (disk.held() === 0) await new Promise(setImmediate)
    for (let n = 0; n < depth; n += 1) writes.push(earn())
    while (server.books.writer.stats().depth < depth) await new Promise(setImmediate)
    return writes
  }
  async function drain(writes: readonly Promise<Answer>[]): Promise<void> {
    disk.release()
    const answers = await Promise.all(writes)
    expect(answers.filter(({ status }) => status !== 200)).toEqual([])
    expect((await server.send('/balance', { token })).body['balance']).toBe(writes.length)
  }

  test('refuses what would only wait, at once and before it reads or checks anything', async () => {
    const writes = await fill(QUEUE_MAX)
    const refused = await earn()
    expectProblem(refused, 'overloaded')
    // Neither a body that never comes nor a token that is none is looked at.
    const head = ['Content-Type: application/json', 'Content-Length: 99', 'Authorization: Bearer x']
    const request = aRequest({ method: 'POST', path: '/earn', headers: head })
    const sent = await exchange(server.url, request, { answers: 1 })
    expect(sent.statuses).toEqual([503])
    expect(sent.ms).toBeLessThan(500)
    await drain(writes)
    expect((await earn()).status).toBe(200)
  })

  test('sheds the costly reads at half of it, the balance and the probes never', async () => {
    const writes = await fill(QUEUE_MAX / 2)
    const statusOf = async (path: string) => (await server.send(path, { token })).status
    for (const path of ['/stats', '/events', '/ledger']) expect(await statusOf(path)).toBe(503)
    writes.push(earn(), earn(), earn(), earn())
    while (server.books.writer.stats().depth < QUEUE_MAX) await new Promise(setImmediate)
    for (const route of ROUTES.filter(({ id }) =>
      ['balance', 'wallet', 'health', 'live'].includes(id),
    )) {
      expect(await statusOf(route.path)).toBe(200)
    }
    expect(await statusOf('/user/ada')).toBe(200)
    expect(await statusOf('/track')).toBe(503)
    await drain(writes)
  })

  test('sheds when its oldest write has waited for more than a second, however short it is', async () => {
    const writes = await fill(1)
    clock.advance(1_000)
    const stillTaken = earn()
    while (server.books.writer.stats().depth < 2) await new Promise(setImmediate)
    clock.advance(1)
    expectProblem(await earn(), 'overloaded')
    await drain([...writes, stillTaken])
  })
})

describe.each(DATABASES)('a burst on $name', (database) => {
  test('of 4,096 simultaneous writes is queued and answered', async () => {
    const server = await startServer(database)
    const players = await Promise.all(Array.from({ length: 16 }, (_, n) => server.guest(`p${n}`)))
    // Many on one connection: simultaneous for the server, and few sockets for this machine.
    const bursts = Array.from({ length: 128 }, (_, n) => {
      const player = players[n % players.length]
      const keys = Array.from({ length: 32 }, (_each, m) => `Idempotency-Key: k${n}-${m}`)
      const posts = keys.map((key) =>
        aPost('/earn', '{"amount":1}', [`Authorization: Bearer ${player}`, key]),
      )
      return exchange(server.url, posts.join(''), { answers: 32, patienceMs: 20_000 })
    })
    const statuses = (await Promise.all(bursts)).flatMap((burst) => burst.statuses)
    expect(statuses).toHaveLength(4_096)
    expect(new Set(statuses)).toEqual(new Set([200]))
    const balances = await Promise.all(
      players.map(async (token) => (await server.send('/balance', { token })).body['balance']),
    )
    expect(balances).toEqual(players.map(() => 256))
    await server.stop()
  })
})
