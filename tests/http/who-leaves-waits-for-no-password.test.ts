// Passwords are hashed a few at a time, and the queue for that is short. A client that has closed
// its connection is not waited for: its place is the next one's, and it is nobody's failure.
import { connect } from 'node:net'
import { Writable } from 'node:stream'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { DATABASES } from '../database.ts'
import { plainSql } from '../plain-sql.ts'
import { expectProblem } from './problem.ts'
import { aPost } from './raw.ts'
import { startServer, type TestServer } from './server.ts'

const PASSWORD = 'a fine password'
/** More than an emitter has listeners without a warning. */
const QUEUE_MAX = 12
/** Keeps the only thread at work for half a second and more. No password has it. */
const SLOW_HASH = `$argon2id$v=19$m=19456,t=60,p=1$${'A'.repeat(22)}$${'A'.repeat(43)}`

describe.each(DATABASES)('on $name', (database) => {
  const errors: string[] = []
  let server: TestServer
  beforeAll(async () => {
    const stream = new Writable({
      write(chunk, _encoding, done) {
        errors.push(String(chunk))
        done()
      },
    })
    server = await startServer(database, {
      settings: { PASSWORD_HASHES_AT_ONCE: '1', PASSWORD_HASH_QUEUE_MAX: String(QUEUE_MAX) },
      world: { logger: pino({ level: 'error' }, stream) },
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

  const login = (username: string) =>
    server.send('/auth/login', { body: { username, password: PASSWORD } })

  /** Resolves when one hash is under way and so many wait behind it. */
  const inQueue = (waiting: number) =>
    vi.waitFor(() => expect(server.books.accounts.hashingLoad()).toEqual({ running: 1, waiting }), {
      interval: 1,
      timeout: 10_000,
    })

  /** How many answers of 500 and above there were. */
  async function failures(): Promise<number> {
    const { text } = await server.send('/metrics')
    const counts = text.matchAll(/_request_seconds_count\{.*status="5\d\d"\} (\d+)$/gm)
    return counts.reduce((sum, [, count]) => sum + Number(count), 0)
  }

  test.each([
    ['/auth/login', 'ada'],
    ['/auth/register', 'grace'],
  ])('who leaves %s while it waits makes room', async (path, username) => {
    const before = await failures()
    let isSlowOver = false
    const slow = login('slow').finally(() => {
      isSlowOver = true
    })
    await inQueue(0)
    const { hostname, port } = new URL(server.url)
    const leaver = connect(Number(port), hostname)
    leaver.write(aPost(path, JSON.stringify({ username, password: PASSWORD })).repeat(QUEUE_MAX))
    await inQueue(QUEUE_MAX)
    expectProblem(await login('ada'), 'overloaded')

    leaver.destroy()
    await inQueue(0)
    const next = login('ada')
    await inQueue(1)
    expect(isSlowOver).toBe(false)
    expectProblem(await slow, 'invalid-credentials')
    expect((await next).status).toBe(200)
    expect([(await failures()) - before, errors]).toEqual([1, []])
    // Nothing became of who left.
    expect((await login('grace')).status).toBe(401)
  })
})
