// Earning, spending, correcting and reading balances through HTTP.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { booksViolations } from '../books-invariants.ts'
import { DATABASES } from '../database.ts'
import { aClock } from '../fresh-accounts.ts'
import type { Sent } from './client.ts'
import { expectProblem, pointersOf } from './problem.ts'
import { startServer, type TestServer } from './server.ts'

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

  const plain = async (path: string, sent: Sent) => {
    const { status, body } = await server.send(path, sent)
    return [status, body]
  }

  test('what is earned can be spent and is seen by the next read', async () => {
    const token = await server.guest('ada')
    expect(await plain('/earn', { token, body: { amount: 100 } })).toEqual([
      200,
      { ok: true, userId: 'ada', amount: 100, balance: 100 },
    ])
    expect(await plain('/spend', { token, body: { amount: 30, reason: 'a sword' } })).toEqual([
      200,
      { ok: true, userId: 'ada', amount: 30, balance: 70 },
    ])
    expect(await plain('/balance', { token })).toEqual([200, { userId: 'ada', balance: 70 }])
  })

  test('/earn/earn is /earn', async () => {
    const token = await server.guest('alias')
    const body = { amount: 1 }
    const first = await server.send('/earn', { token, body, key: 'one' })
    const again = await server.send('/earn/earn', { token, body, key: 'one' })
    expect(again.text).toBe(first.text)
    expect(again.headers['idempotency-replayed']).toBe('true')
  })

  test('more than there is cannot be spent, and nothing changes', async () => {
    const token = await server.guest('poor')
    await server.send('/earn', { token, body: { amount: 40 } })
    const answer = await server.send('/spend', { token, body: { amount: 41 } })
    expect(expectProblem(answer, 'insufficient-funds')['detail']).toBe(
      'The balance is 40, 41 are needed.',
    )
    expect((await server.send('/spend', { token, body: { amount: 40 } })).body['balance']).toBe(0)
  })

  test('each currency is an account of its own, and the wallet lists them by name', async () => {
    const token = await server.guest('rich')
    for (const currency of ['gems', 'gem_dust', 'gem2', 'gemz', 'a', 'zz']) {
      await server.send('/earn', { token, body: { amount: 2, currency } })
    }
    expect(await plain('/wallet', { token })).toEqual([
      200,
      {
        userId: 'rich',
        balances: [
          { currency: 'coins', balance: 0 },
          ...['a', 'gem2', 'gem_dust', 'gems', 'gemz', 'zz'].map((currency) => ({
            currency,
            balance: 2,
          })),
        ],
      },
    ])
    expect((await server.send('/balance', { token })).body['balance']).toBe(0)
    expect((await server.send('/balance?currency=gems', { token })).body['balance']).toBe(2)
    expect((await server.send('/balance?currency=none', { token })).body['balance']).toBe(0)
    expectProblem(await server.send('/spend', { token, body: { amount: 1 } }), 'insufficient-funds')
  })

  test.each(['', 'Gems', '1up', 'x'.repeat(33), 'a-b', 'é', ' gems'])(
    'the currency %j is refused everywhere',
    async (currency) => {
      const token = await server.guest('picky')
      const earned = await server.send('/earn', { token, body: { amount: 1, currency } })
      expectProblem(earned, 'invalid-request')
      const path = `/balance?currency=${encodeURIComponent(currency)}`
      expectProblem(await server.send(path, { token }), 'invalid-request')
      expect(pointersOf(earned)).toEqual(['#/currency'])
    },
  )

  test('a server key moves the currency of the player that it names', async () => {
    await server.guest('of the studio')
    const token = server.keys.server
    const body = { amount: 5, userId: ' of the studio ' }
    expect(await plain('/earn', { token, body })).toEqual([
      200,
      { ok: true, userId: 'of the studio', amount: 5, balance: 5 },
    ])
    const unnamed = await server.send('/earn', { token, body: { amount: 5 } })
    expectProblem(unnamed, 'invalid-request')
    expect(pointersOf(unnamed)).toEqual(['#/userId'])
    const unknown = { amount: 5, userId: 'nobody' }
    expectProblem(await server.send('/earn', { token, body: unknown }), 'unknown-player')
    expectProblem(await server.send('/spend', { token, body: unknown }), 'unknown-player')
  })

  test('a player may name itself and nobody else', async () => {
    const token = await server.guest('itself')
    await server.guest('other')
    const earn = (userId: string) => server.send('/earn', { token, body: { amount: 1, userId } })
    expect((await earn(' itself ')).status).toBe(200)
    expectProblem(await earn('other'), 'not-your-account')
    expectProblem(await earn('nobody'), 'not-your-account')
  })

  test('the ledger lists entries from the newest, page by page, each once', async () => {
    const token = await server.guest('ledger')
    const times: string[] = []
    for (const amount of [1, 2, 3, 4, 5]) {
      times.unshift(new Date(clock.now()).toISOString())
      await server.send('/earn', {
        token,
        body: { amount, reason: `${amount}. 🎁` },
        key: `k${amount}`,
      })
      // Two entries of one millisecond have an order too.
      if (amount % 2 === 0) clock.advance(1_000)
    }
    await server.send('/spend', { token, body: { amount: 15, currency: 'coins' } })
    times.unshift(new Date(clock.now()).toISOString())

    const first = await server.send('/ledger?limit=4', { token })
    expect(first.body['entries']).toEqual([
      {
        id: expect.any(Number),
        type: 'spend',
        currency: 'coins',
        amount: -15,
        balanceAfter: 0,
        reason: null,
        key: null,
        ts: times[0],
      },
      ...[5, 4, 3].map((amount, index) => ({
        id: expect.any(Number),
        type: 'earn',
        currency: 'coins',
        amount,
        balanceAfter: (amount * (amount + 1)) / 2,
        reason: `${amount}. 🎁`,
        key: `k${amount}`,
        ts: times[index + 1],
      })),
    ])
    // What arrives between two pages shifts none of them.
    await server.send('/earn', { token, body: { amount: 9 } })
    const second = await server.send(`/ledger?limit=4&cursor=${first.body['nextCursor']}`, {
      token,
    })
    expect(second.body['entries']).toMatchObject([{ amount: 2 }, { amount: 1 }])
    expect(second.body['nextCursor']).toBeNull()
    const exact = await server.send('/ledger?limit=7', { token })
    expect([(exact.body['entries'] as []).length, exact.body['nextCursor']]).toEqual([7, null])

    const byOperator = await server.send('/user/ledger/ledger?limit=7', {
      token: server.keys.operator,
    })
    expect(byOperator.text).toBe(exact.text)
  })

  test.each(['limit=0', 'limit=1001', 'limit=x', 'limit=1.5', 'limit=', 'cursor=', 'cursor=%21'])(
    'a ledger page with %s is refused',
    async (query) => {
      const token = await server.guest('paging')
      expectProblem(await server.send(`/ledger?${query}`, { token }), 'invalid-request')
    },
  )

  test('a cursor that no page gave is refused', async () => {
    const token = await server.guest('paging')
    const made = (text: string) => Buffer.from(text).toString('base64url')
    for (const cursor of [
      'AAAA',
      made('1'),
      made('1.2.3'),
      made('a.b'),
      made('1.5.x'),
      made('.'),
    ]) {
      expectProblem(await server.send(`/ledger?cursor=${cursor}`, { token }), 'invalid-request')
      expectProblem(await server.send(`/events?cursor=${cursor}`, { token }), 'invalid-request')
    }
  })

  test('an operator sets a balance by an entry of the difference', async () => {
    const token = await server.guest('corrected')
    await server.send('/earn', { token, body: { amount: 30 } })
    const operator = server.keys.operator
    const update = (balance: number, more = {}) =>
      plain('/user/update', {
        method: 'PUT',
        token: operator,
        body: { userId: ' corrected ', balance, ...more },
      })
    const answered = (balance: number, adjustment: number) => [
      200,
      { ok: true, userId: 'corrected', balance, adjustment },
    ]
    expect(await update(100, { reason: 'ticket 4711' })).toEqual(answered(100, 70))
    expect(await update(100)).toEqual(answered(100, 0))
    expect(await update(0)).toEqual(answered(0, -100))
    expect(await update(9_007_199_254_740_991)).toEqual(
      answered(9_007_199_254_740_991, 9_007_199_254_740_991),
    )
    expect(await update(5, { currency: 'gems' })).toEqual(answered(5, 5))
    const own = await server.send('/ledger', { token })
    expect(own.body['entries']).toMatchObject([
      { type: 'adjust', currency: 'gems', amount: 5 },
      { type: 'adjust', amount: 9_007_199_254_740_991, balanceAfter: 9_007_199_254_740_991 },
      { type: 'adjust', amount: -100 },
      { type: 'adjust', amount: 0 },
      { type: 'adjust', amount: 70, reason: 'ticket 4711' },
      { type: 'earn', amount: 30 },
    ])
    expect((await server.send('/balance', { token })).text).toContain('9007199254740991}')
  })

  test('a balance at its limit takes no more, however many try at once', async () => {
    const token = await server.guest('full')
    const body = { userId: 'full', balance: 9_007_199_254_740_990 }
    await server.send('/user/update', { method: 'PUT', token: server.keys.operator, body })
    const tries = Array.from({ length: 8 }, () =>
      server.send('/earn', { token, body: { amount: 1 } }),
    )
    const answers = await Promise.all(tries)
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    for (const answer of answers) if (answer.status !== 200) expectProblem(answer, 'balance-limit')
    expect((await server.send('/balance', { token })).text).toContain('9007199254740991}')
  })

  test('an operator reads any player; nobody is 404', async () => {
    const operator = server.keys.operator
    await server.guest('seen')
    const body = { username: 'seen.too', password: 'long enough' }
    const { userId } = (await server.send('/auth/register', { body })).body
    expect(await plain('/user/%20seen%20', { token: operator })).toEqual([
      200,
      { userId: 'seen', balance: 0 },
    ])
    expect(await plain(`/user/${userId}`, { token: operator })).toEqual([
      200,
      { userId, username: 'seen.too', balance: 0 },
    ])
    expectProblem(await server.send('/user/nobody', { token: operator }), 'unknown-player')
    expectProblem(await server.send('/user/nobody/ledger', { token: operator }), 'unknown-player')
    const unknown = { userId: 'nobody', balance: 1 }
    const sent = { method: 'PUT', token: operator, body: unknown }
    expectProblem(await server.send('/user/update', sent), 'unknown-player')
  })

  test('a reason has at most 500 characters, whatever their bytes', async () => {
    const token = await server.guest('wordy')
    const earn = (reason: string) => server.send('/earn', { token, body: { amount: 1, reason } })
    expect((await earn('🎁'.repeat(500))).status).toBe(200)
    expectProblem(await earn('x'.repeat(501)), 'invalid-request')
    const { entries } = (await server.send('/ledger', { token })).body
    expect(entries).toMatchObject([{ reason: '🎁'.repeat(500) }])
  })

  test('HEAD answers as GET, without a body', async () => {
    const token = await server.guest('heady')
    const got = await server.send('/balance', { token })
    const head = await server.send('/balance', { token, method: 'HEAD' })
    expect([head.status, head.text]).toEqual([200, ''])
    expect(head.headers['content-length']).toBe(got.headers['content-length'])
  })
})

describe.each(DATABASES)('with settings of its own on $name', (database) => {
  test('only the listed currencies move, and a player earns up to its daily limit', async () => {
    const clock = aClock()
    const settings = { CURRENCIES: 'gold,gems', DEFAULT_CURRENCY: 'gold', EARN_DAILY_MAX: '100' }
    const server = await startServer(database, { settings, world: { clock } })
    const token = await server.guest('ada')
    const earn = (body: object) => server.send('/earn', { token, body })

    expect((await server.send('/wallet', { token })).body['balances']).toEqual([
      { currency: 'gold', balance: 0 },
    ])
    const unlisted = await earn({ amount: 1, currency: 'coins' })
    expectProblem(unlisted, 'invalid-request')
    expect(pointersOf(unlisted)).toEqual(['#/currency'])
    expectProblem(await server.send('/balance?currency=coins', { token }), 'invalid-request')

    expect((await earn({ amount: 60 })).status).toBe(200)
    expectProblem(await earn({ amount: 41 }), 'daily-earn-limit')
    expect((await earn({ amount: 40 })).status).toBe(200)
    expect((await earn({ amount: 100, currency: 'gems' })).status).toBe(200)
    const byServer = { token: server.keys.server, body: { amount: 1_000, userId: 'ada' } }
    expect((await server.send('/earn', byServer)).status).toBe(200)
    clock.advance(24 * 3_600_000)
    const tomorrow = await server.guest('ada')
    const late = await server.send('/earn', { token: tomorrow, body: { amount: 100 } })
    expect(late.body['balance']).toBe(1_200)
    await server.stop()
  })
})
