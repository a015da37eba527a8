// Idempotency through HTTP. K1 to K17 are the cases of the contract: what a retry is answered.
import { PROBLEMS, ROUTES } from '@questline/contracts'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createRefusalSweep } from '../../packages/server/src/idempotency/idempotency.ts'
import { booksViolations } from '../books-invariants.ts'
import { DATABASES } from '../database.ts'
import { aClock } from '../fresh-accounts.ts'
import { plainSql } from '../plain-sql.ts'
import type { Answer, Sent } from './client.ts'
import { expectProblem } from './problem.ts'
import { aPost, converse, exchange } from './raw.ts'
import { startServer, type TestServer } from './server.ts'
import { createSwitch } from './switch.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/** What a retry must repeat: all but the moment and what belongs to this one connection. */
const repeated = ({ status, headers, text }: Answer) => [status, headers['content-type'], text]
const isReplay = ({ headers }: Answer) => headers['idempotency-replayed'] === 'true'

describe.each(DATABASES)('on $name', (database) => {
  const clock = aClock()
  const disk = createSwitch()
  let server: TestServer
  let players = 0
  let token = ''
  let userId = ''
  beforeAll(async () => {
    server = await startServer(database, { world: { clock, decorateStore: disk.decorate } })
  })
  beforeEach(async () => {
    userId = `player-${players}`
    players += 1
    token = await server.guest(userId)
  })
  afterAll(async () => {
    expect(await booksViolations(server.databaseUrl)).toEqual([])
    await server.stop()
  })

  const earn = (amount: number, key: string, more: Sent = {}) =>
    server.send('/earn', { token, key, body: { amount }, ...more })
  const spend = (amount: number, key: string) =>
    server.send('/spend', { token, key, body: { amount } })
  const balance = async () => (await server.send('/balance', { token })).body['balance']
  /** A switch of the store, for as long as `work` takes. */
  const during = async <T>(begin: () => void, end: () => void, work: () => Promise<T>) => {
    begin()
    try {
      return await work()
    } finally {
      end()
    }
  }

  test('K1: no route demands a key; without one each request has its own effect', async () => {
    // Should a route begin to demand one, this list says which and K1 gets its 400.
    expect(ROUTES.filter((route) => route.problems.includes('idempotency-key-missing'))).toEqual([])
    await server.send('/earn', { token, body: { amount: 2 } })
    const second = await server.send('/earn', { token, body: { amount: 2 } })
    expect([second.body['balance'], isReplay(second)]).toEqual([4, false])
  })

  describe('K2: a key that is none is refused and stores nothing', () => {
    test.each([
      ['empty', ''],
      ['empty in quotes', '""'],
      ['256 characters long', 'k'.repeat(256)],
      ['256 characters long in quotes', `"${'k'.repeat(256)}"`],
      ['with a space', 'a b'],
      ['with a comma', 'a,b'],
      ['not ASCII', 'k\u00e9'],
      ['with a tab', 'a\tb'],
      ['with a quote that does not close', '"abc'],
      ['with a quote inside', 'a"b'],
      ['with text after the quotes', '"a"b'],
      ['with an escape of nothing', '"a\\b"'],
      ['with parameters', '"a";q=1'],
    ])('%s', async (_name, key) => {
      const headers = ['Connection: close', `Authorization: Bearer ${token}`]
      const sent = aPost('/earn', '{"amount":5}', [...headers, `Idempotency-Key: ${key}`])
      const { statuses, text } = await exchange(server.url, Buffer.from(sent, 'latin1'))
      expect(statuses, text).toEqual([400])
      expect(text).toContain('"code":"idempotency-key-invalid"')
      expect(await balance()).toBe(0)
    })

    test.each([
      ['twice', ['a', 'b']],
      ['twice the same', ['a', 'a']],
      ['the second one empty', ['a', '']],
    ])('two headers: %s', async (_name, keys) => {
      const headers = ['Connection: close', `Authorization: Bearer ${token}`]
      const lines = keys.map(
        (key, index) => `${index ? 'idempotency-KEY' : 'Idempotency-Key'}: ${key}`,
      )
      const sent = aPost('/earn', '{"amount":5}', [...headers, ...lines])
      const { statuses, text } = await exchange(server.url, sent)
      expect(statuses).toEqual([400])
      expect(text).toContain('"code":"idempotency-key-invalid"')
      expect(await balance()).toBe(0)
    })
  })

  test.each([
    ['of 255 characters', 'k'.repeat(255), 'k'.repeat(255)],
    [
      'bare and in quotes',
      '8e03978e-40d5-43dd-bc93-6894a57f9324',
      '"8e03978e-40d5-43dd-bc93-6894a57f9324"',
    ],
    ['with escapes in quotes', '"a\\"b\\\\c"', '"a\\"b\\\\c"'],
    ['with spaces in quotes', '"a b, c"', '"a b, c"'],
    ['after white space', 'spaced', '  spaced  '],
  ])('K3, K4: a key %s has one effect', async (_name, first, second) => {
    const once = await earn(5, first)
    const again = await earn(5, second)
    expect([once.status, isReplay(once), isReplay(again)]).toEqual([200, false, true])
    expect(repeated(again)).toEqual(repeated(once))
    expect(await balance()).toBe(5)
  })

  test('K3: the effect, its key and its event are one commit', async () => {
    const answer = await earn(5, 'k3')
    const { entries } = (await server.send('/ledger', { token })).body
    const { events } = (await server.send('/events', { token })).body
    expect(entries).toMatchObject([{ key: 'k3', amount: 5, balanceAfter: answer.body['balance'] }])
    expect(events).toMatchObject([{ type: 'earn', id: (entries as [{ id: number }])[0].id }])
  })

  describe('K4: a repeat gets the first answer, byte for byte, and changes nothing', () => {
    const calls = {
      '/earn': () => earn(5, 'k4'),
      '/spend': () => spend(5, 'k4'),
      '/event': () => server.send('/event', { token, key: 'k4', body: { eventType: 'x' } }),
      '/user/update': () =>
        server.send('/user/update', {
          method: 'PUT',
          token: server.keys.operator,
          key: `k4-${userId}`,
          body: { userId, balance: 77, reason: 'k4' },
        }),
    }
    test('for every route that takes a key', () => {
      const paths = ROUTES.filter((route) => route.idempotent).map((route) => route.path)
      expect(Object.keys(calls).sort()).toEqual([...paths].sort())
    })
    test.each(Object.entries(calls))('%s', async (_path, call) => {
      await earn(50, 'before')
      const first = await call()
      expect([first.status, isReplay(first)]).toEqual([200, false])
      await earn(1, 'between')
      const before = await balance()
      const again = await call()
      expect([repeated(again), isReplay(again)]).toEqual([repeated(first), true])
      expect(await balance()).toBe(before)
      const { total } = (await server.send('/events', { token })).body
      expect(total).toBe(3)
    })
  })

  test.each([
    ['the same', 5],
    ['another', 6],
  ])('K5: while the first is outstanding %s body is 409', async (_name, amount) => {
    const first = await during(disk.hold, disk.release, async () => {
      const outstanding = earn(5, 'k5')
      await waitFor(() => disk.held() > 0)
      expectProblem(await earn(amount, 'k5'), 'idempotency-key-in-use')
      return { outstanding }
    })
    expect((await first.outstanding).status).toBe(200)
    expect(isReplay(await earn(5, 'k5'))).toBe(true)
    expect(await balance()).toBe(5)
  })

  test.each<[string, Sent]>([
    ['another amount', { body: { amount: 6 } }],
    ['the same in other bytes', { body: '{ "amount": 5 }' }],
    ['one more field', { body: { amount: 5, reason: '' } }],
  ])('K6: the key with %s is 422, and the first stays', async (_name, other) => {
    const first = await earn(5, 'k6')
    expectProblem(await earn(5, 'k6', other), 'idempotency-key-reused')
    expect(repeated(await earn(5, 'k6'))).toEqual(repeated(first))
    expect(await balance()).toBe(5)
  })

  test('K6: for events and corrections too', async () => {
    const event = (eventType: string) =>
      server.send('/event', { token, key: 'k6', body: { eventType } })
    await event('one')
    expectProblem(await event('two'), 'idempotency-key-reused')
    const update = (balance: number) =>
      server.send('/user/update', {
        method: 'PUT',
        token: server.keys.operator,
        key: `k6-${userId}`,
        body: { userId, balance },
      })
    await update(1)
    expectProblem(await update(2), 'idempotency-key-reused')
    expect(await balance()).toBe(1)
  })

  test.each<[string, number, Sent]>([
    ['its body cannot be parsed', 400, { body: '{"amount":' }],
    ['nobody sent it', 401, { token: undefined }],
    ['its token is not valid', 401, { token: 'x.y.z' }],
    ['it named another player', 403, { body: { amount: 5, userId: 'somebody' } }],
    ['its body was too large', 413, { body: { amount: 5, reason: 'x'.repeat(17_000) } }],
    ['it was of another type', 415, { type: 'text/plain' }],
    ['it did not match the schema', 422, { body: { amount: 0 } }],
    ['nothing that it accepts exists', 406, { headers: { accept: 'image/png' } }],
  ])('K7: a request that was refused since %s stores nothing', async (_name, status, refused) => {
    expect((await earn(5, 'k7', refused)).status).toBe(status)
    const answer = await earn(5, 'k7')
    expect([answer.status, isReplay(answer), await balance()]).toEqual([200, false, 5])
  })

  test('K8: a refusal by a rule is remembered, though the balance would do by now', async () => {
    const refused = await spend(10, 'k8')
    expectProblem(refused, 'insufficient-funds')
    await earn(100, 'rich')
    const again = await spend(10, 'k8')
    expectProblem(again, 'insufficient-funds')
    expect([repeated(again), isReplay(again)]).toEqual([repeated(refused), true])
    expectProblem(await spend(11, 'k8'), 'idempotency-key-reused')
    expect((await spend(10, 'k8-next')).status).toBe(200)
    expect(await balance()).toBe(90)
  })

  test('K9: a bug before the commit takes the key along, and the retry executes', async () => {
    disk.failNext(new Error('a planted bug'))
    expectProblem(await earn(5, 'k9'), 'internal-error')
    expect(await balance()).toBe(0)
    const retried = await earn(5, 'k9')
    expect([retried.status, isReplay(retried), await balance()]).toEqual([200, false, 5])
  })

  test('K10: an answer that was lost after the commit is given again', async () => {
    await during(disk.holdResults, disk.release, () =>
      converse(
        server.url,
        (socket) => {
          socket.write(
            aPost('/earn', '{"amount":5}', [
              `Authorization: Bearer ${token}`,
              'Idempotency-Key: k10',
            ]),
          )
        },
        { patienceMs: 150 },
      ),
    )
    await waitFor(async () => (await earn(5, 'k10')).status !== 409)
    const retried = await earn(5, 'k10')
    expect([retried.status, isReplay(retried), retried.body['balance']]).toEqual([200, true, 5])
    expect(await balance()).toBe(5)
  })

  test('K11: the same key of other callers is another intent', async () => {
    const other = await server.guest(`${userId}-other`)
    const keys = server.books.accounts.keys
    const otherApp = (await keys.create({ scope: 'server', app: 'other-game' })).key
    const answers = [
      await earn(5, 'k11'),
      await earn(5, 'k11', { token: other }),
      await earn(5, 'k11', { token: server.keys.server, body: { amount: 5, userId } }),
      await earn(5, 'k11', { token: otherApp, body: { amount: 5, userId } }),
    ]
    expect(answers.map((answer) => [answer.status, isReplay(answer)])).toEqual(
      answers.map(() => [200, false]),
    )
    expect(answers[1]?.body['userId']).toBe(`${userId}-other`)
    expect(await balance()).toBe(15)
  })

  test('K11: another session of the player and another key of the app are the same caller', async () => {
    const first = await earn(5, 'k11')
    const elsewhere = await earn(5, 'k11', { token: await server.guest(userId) })
    expect([repeated(elsewhere), isReplay(elsewhere)]).toEqual([repeated(first), true])

    const { keys } = server.books.accounts
    const sent = { key: `rotated-${userId}`, body: { amount: 5, userId } }
    const old = await server.send('/earn', { ...sent, token: server.keys.server })
    const rotated = await keys.create({ scope: 'server', app: 'my-game' })
    const retried = await server.send('/earn', { ...sent, token: rotated.key })
    expect([repeated(retried), isReplay(retried)]).toEqual([repeated(old), true])
  })

  test('K12: the same key on another route is another intent', async () => {
    expect((await earn(5, 'k12')).status).toBe(200)
    expect((await spend(5, 'k12')).body['balance']).toBe(0)
    const event = await server.send('/event', { token, key: 'k12', body: { eventType: 'x' } })
    expect([event.status, isReplay(event)]).toEqual([200, false])
  })

  test('K13, K14: after a day the effect is still answered, a refusal is forgotten', async () => {
    const { store } = server.books
    const sweep = createRefusalSweep({ store, clock }, { answersKeptMs: DAY_MS })
    const refused = await spend(10, 'refused')
    expectProblem(refused, 'insufficient-funds')
    const first = await earn(100, 'k13')
    const event = await server.send('/event', { token, key: 'k13', body: { eventType: 'x' } })

    clock.advance(DAY_MS - 1)
    await sweep()
    token = await server.guest(userId)
    expect(repeated(await spend(10, 'refused'))).toEqual(repeated(refused))
    // Kept longer by as much as a clock may be set wrong, and then gone.
    clock.advance(3 * HOUR_MS)
    await sweep()
    token = await server.guest(userId)

    const late = await earn(100, 'k13')
    expect([repeated(late), isReplay(late)]).toEqual([repeated(first), true])
    expectProblem(await earn(101, 'k13'), 'idempotency-key-reused')
    const lateEvent = await server.send('/event', { token, key: 'k13', body: { eventType: 'x' } })
    expect([repeated(lateEvent), isReplay(lateEvent)]).toEqual([repeated(event), true])
    const anew = await spend(10, 'refused')
    expect([anew.status, isReplay(anew), anew.body['balance']]).toEqual([200, false, 90])
  })

  test('K15: without the store it is 503, without an effect', async () => {
    await balance()
    const away = await during(disk.break, disk.mend, () => earn(5, 'k15'))
    expectProblem(away, 'store-unavailable')
    expect(await balance()).toBe(0)
    const retried = await earn(5, 'k15')
    expect([retried.status, isReplay(retried), await balance()]).toEqual([200, false, 5])
  })

  test('K16: fifty equal requests at once have one effect, and one body', async () => {
    const answers = await Promise.all(Array.from({ length: 50 }, () => earn(5, 'k16')))
    const done = answers.filter(({ status }) => status === 200)
    expect(new Set(done.map(({ text }) => text)).size).toBe(1)
    expect(done.filter((answer) => !isReplay(answer))).toHaveLength(1)
    for (const answer of answers) {
      if (answer.status !== 200) expectProblem(answer, 'idempotency-key-in-use')
    }
    expect(await balance()).toBe(5)
    const { entries } = (await server.send('/ledger', { token })).body
    expect(entries).toHaveLength(1)
  })

  test.each([
    "'; DROP TABLE ledger_entries; --",
    '%00',
    "' OR '1'='1",
    '{{7*7}}',
    '../../etc',
    '__proto__',
  ])('K17: the key %s is an ordinary key or none, and never a 500', async (key) => {
    const quoted = `"${key}"`
    const first = await earn(5, quoted)
    expect([first.status, repeated(await earn(5, quoted))]).toEqual([200, repeated(first)])
    const bare = await earn(5, key)
    expect([200, 400]).toContain(bare.status)
    expect(await balance()).toBe(5)
    const { entries } = (await server.send('/ledger', { token })).body
    expect(entries).toMatchObject([{ key }])
  })

  test('K17: an emoji, whose bytes no header may have as text, is refused', async () => {
    const head = ['Connection: close', `Authorization: Bearer ${token}`, 'Idempotency-Key: 🔑']
    const { statuses } = await exchange(server.url, aPost('/earn', '{"amount":5}', head))
    expect(statuses).toEqual([400])
  })

  test('2,000 concurrent earns of 1 on one player are exactly 2,000', async () => {
    const answers = await Promise.all(Array.from({ length: 2_000 }, (_, i) => earn(1, `n${i}`)))
    expect(answers.filter(({ status }) => status !== 200)).toEqual([])
    const seen = answers.map(({ body }) => Number(body['balance'])).sort((a, b) => a - b)
    expect(seen).toEqual(Array.from({ length: 2_000 }, (_, i) => i + 1))
    expect(await balance()).toBe(2_000)
  })

  test('a retry storm, each request three times at once, has each effect once', async () => {
    const keys = Array.from({ length: 100 }, (_, i) => `storm${i}`)
    const sent = [...keys, ...keys, ...keys]
    const answers = await Promise.all(sent.map((key) => earn(1, key)))
    const allowed = new Set([200, PROBLEMS['idempotency-key-in-use'].status])
    expect(answers.filter(({ status }) => !allowed.has(status))).toEqual([])
    expect(await balance()).toBe(100)
    for (const key of keys) {
      const bodies = answers.filter((answer, i) => sent[i] === key && answer.status === 200)
      const now = await earn(1, key)
      expect(isReplay(now)).toBe(true)
      for (const answer of bodies) expect(answer.text).toBe(now.text)
    }
    const [row] = await plainSql(
      server.databaseUrl,
      `SELECT count(*) AS n FROM ledger_entries WHERE player_id = '${userId}'`,
    )
    expect(row).toEqual({ n: 100n })
  })
})

async function waitFor(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 500; tries += 1) {
    if (await isTrue()) return
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  throw new Error('it did not become true')
}
