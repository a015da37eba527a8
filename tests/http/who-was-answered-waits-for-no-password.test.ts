// A login or registration that was told 503, since it waited for too long, gives up its place in the
// queue for a hash: it is the next one's.
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { DATABASES } from '../database.ts'
import { aClock } from '../fresh-accounts.ts'
import { plainSql } from '../plain-sql.ts'
import { expectProblem } from './problem.ts'
import { startServer, type TestServer } from './server.ts'

const PASSWORD = 'a fine password'
/** Keeps the only thread at work for a second and more. No password has it. */
const SLOW_HASH = `$argon2id$v=19$m=19456,t=120,p=1$${'A'.repeat(22)}$${'A'.repeat(43)}`

describe.each(DATABASES)('on $name', (database) => {
  const clock = aClock()
  let server: TestServer
  beforeAll(async () => {
    server = await startServer(database, {
      settings: { PASSWORD_HASHES_AT_ONCE: '1' },
      world: { clock },
    })
    for (const username of ['ada', 'slow']) {
      await server.send('/auth/register', { body: { username, password: PASSWORD } })
    }
    await plainSql(
      server.databaseUrl,
      `UPDATE players SET password_hash = '${SLOW_HASH}' WHERE username = 'slow'`,
    )
  })
  afterAll(() => server.stop())

  const ask = (path: string, username: string) =>
    server.send(path, { body: { username, password: PASSWORD } })
  const load = () => server.books.accounts.hashingLoad()
  const until = (running: number, waiting: number) =>
    vi.waitFor(() => expect(load()).toEqual({ running, waiting }), { interval: 1, timeout: 10_000 })

  test.each([
    ['/auth/login', 'ada'],
    ['/auth/register', 'grace'],
  ])('a request to %s that was told 503 leaves the queue', async (path, username) => {
    const slow = ask('/auth/login', 'slow')
    await until(1, 0)
    const waiting = ask(path, username)
    await until(1, 1)
    clock.advance(10_000)
    expectProblem(await waiting, 'overloaded')
    expectProblem(await slow, 'overloaded')
    // The slow hash is at work for some time yet.
    await new Promise(setImmediate)
    expect(load()).toEqual({ running: 1, waiting: 0 })

    const next = ask('/auth/login', 'ada')
    await until(1, 1)
    expect((await next).status).toBe(200)
    // Nothing became of who left.
    expect((await ask('/auth/login', 'grace')).status).toBe(401)
  })
})
