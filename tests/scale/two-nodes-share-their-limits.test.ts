// Two nodes on one PostgreSQL: what is guessed at one counts at the other, and each takes half of the
// rates. The clock stands still until a test moves it, so that the numbers are exact.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { freshPostgres } from '../database.ts'
import { aClock, type TestClock } from '../fresh-accounts.ts'
import { expectProblem } from '../http/problem.ts'
import { startServer, type TestServer } from '../http/server.ts'
import { plainSql } from '../plain-sql.ts'

const SECRETS = { JWT_SECRET: 'one-secret-that-both-nodes-of-a-test-have' }
const PASSWORD = 'long enough for anybody'

let clock: TestClock
let nodes: readonly [TestServer, TestServer]

beforeEach(async () => {
  clock = aClock()
  const settings = { RATE_LIMIT: 'on', NODE_BEAT_SEC: '1', ...SECRETS }
  const first = await startServer(
    { name: 'postgres', fresh: freshPostgres },
    { settings, world: { clock } },
  )
  const same = { url: first.databaseUrl, drop: async () => undefined }
  const second = await startServer(
    { name: 'the same', fresh: async () => same },
    { settings, world: { clock } },
  )
  nodes = [first, second]
})
afterEach(async () => {
  await nodes[1].stop()
  await nodes[0].stop()
})

/** The beats come by a real clock. */
async function untilBothKnow(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 1_500))
}

const guess = (node: TestServer, n: number) =>
  node.send('/auth/refresh', { body: { refreshToken: `guess-${n}` } })
const logIn = (node: TestServer, password: string) =>
  node.send('/auth/login', { body: { username: 'ada', password } })

describe('failures are counted together', () => {
  test('20 of an address in a minute, at whichever node', async () => {
    const statuses: number[] = []
    for (let n = 0; n < 22; n += 1) {
      statuses.push((await guess(nodes[n % 2 === 0 ? 0 : 1], n)).status)
    }
    expect(statuses).toEqual([...new Array(20).fill(401), 429, 429])
    clock.advance(3_000)
    expect([(await guess(nodes[1], 30)).status, (await guess(nodes[0], 31)).status]).toEqual([
      401, 429,
    ])
  })

  test('registrations count too', async () => {
    const statuses: number[] = []
    for (let n = 0; n < 21; n += 1) {
      const body = { username: `player-${n}`, password: '12345678' }
      const node = nodes[n % 2 === 0 ? 0 : 1]
      statuses.push((await node.send('/auth/register', { body })).status)
    }
    expect(statuses.slice(0, 20)).not.toContain(429)
    expect(statuses[20]).toBe(429)
  })

  test('ten of an account, and then it waits at both; who gets in is forgiven at both', async () => {
    await nodes[0].send('/auth/register', { body: { username: 'ada', password: PASSWORD } })
    for (let n = 0; n < 10; n += 1) {
      expect((await logIn(nodes[n % 2 === 0 ? 0 : 1], 'not the password')).status).toBe(401)
    }
    for (const node of nodes) expectProblem(await logIn(node, PASSWORD), 'too-many-requests')
    clock.advance(1_000)
    expect((await logIn(nodes[1], PASSWORD)).status).toBe(200)
    clock.advance(30_000)
    for (const node of nodes) expect((await logIn(node, 'not the password')).status).toBe(401)
    for (const node of nodes) expect((await logIn(node, PASSWORD)).status).toBe(200)
  })

  test('a login that succeeds writes none', async () => {
    await nodes[0].send('/auth/register', { body: { username: 'ada', password: PASSWORD } })
    const rows = () => plainSql(nodes[0].databaseUrl, 'SELECT count(*) AS n FROM login_failures')
    const before = await rows()
    for (const node of nodes) expect((await logIn(node, PASSWORD)).status).toBe(200)
    expect(await rows()).toEqual(before)
    await logIn(nodes[0], 'not the password')
    expect(await rows()).not.toEqual(before)
  })
})

describe('rates are divided by the nodes that live', () => {
  const answered = async (node: TestServer, token: string, max: number): Promise<number> => {
    for (let n = 0; n <= max; n += 1) {
      if ((await node.send('/balance', { token })).status === 429) return n
    }
    throw new Error(`none of ${max + 1} was refused`)
  }

  test('a player has half of its rate at each, and all of it again where the other has left', async () => {
    const token = await nodes[0].guest('ada')
    await untilBothKnow()
    expect(await answered(nodes[0], token, 151)).toBe(150)
    expect(await answered(nodes[1], token, 151)).toBe(150)
    clock.advance(1_000)
    expect(await answered(nodes[0], token, 51)).toBe(25)
    await nodes[1].halt()
    await untilBothKnow()
    clock.advance(1_000)
    expect(await answered(nodes[0], token, 101)).toBe(50)
  })
})
