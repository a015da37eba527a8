// A graceful stop as clients see it: what has begun is answered and on disk, nothing new begins.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { booksViolations } from '../books-invariants.ts'
import { DATABASES } from '../database.ts'
import { plainSql } from '../plain-sql.ts'
import { expectProblem } from './problem.ts'
import { answersIn, aPost, aRequest, converse } from './raw.ts'
import { startServer, type TestServer } from './server.ts'
import { createSwitch } from './switch.ts'

describe.each(DATABASES)('on $name', (database) => {
  const disk = createSwitch()
  let server: TestServer
  let token = ''
  beforeEach(async () => {
    server = await startServer(database, { world: { decorateStore: disk.decorate } })
    token = await server.guest('ada')
  })
  afterEach(async () => {
    // Also when a test failed in between.
    disk.release()
    await server.stop()
  })

  const earn = (n: number) => server.send('/earn', { token, key: `k${n}`, body: { amount: 1 } })
  const post = (n: number) =>
    aPost('/earn', '{"amount":1}', [`Authorization: Bearer ${token}`, `Idempotency-Key: k${n}`])
  const untilHeld = async () => {
    while (disk.held() === 0) await new Promise(setImmediate)
  }
  const untilQueued = async (depth: number) => {
    while (server.books.writer.stats().depth < depth) await new Promise(setImmediate)
  }
  const connection = async (): Promise<Socket> => {
    const { port, hostname } = new URL(server.url)
    const socket = connect(Number(port), hostname)
    socket.on('error', () => undefined)
    await once(socket, 'connect')
    return socket
  }
  const isRefused = async (): Promise<boolean> => {
    const { port, hostname } = new URL(server.url)
    const socket = connect(Number(port), hostname)
    const outcome = await new Promise((resolve) => {
      socket.on('connect', () => resolve('connected')).on('error', () => resolve('refused'))
    })
    socket.destroy()
    return outcome === 'refused'
  }

  test('a write that waits for its commit is answered, and is on disk', async () => {
    disk.hold()
    const writes = [earn(0)]
    await untilHeld()
    for (let n = 1; n <= 40; n += 1) writes.push(earn(n))
    await untilQueued(40)
    const halting = server.halt()
    expect(await isRefused()).toBe(true)
    disk.release()

    const answers = await Promise.all(writes)
    expect(answers.filter(({ status }) => status !== 200)).toEqual([])
    for (const { headers } of answers) expect(headers['connection']).toBe('close')
    await halting
    const rows = await plainSql(server.databaseUrl, 'SELECT balance FROM balances')
    expect(rows).toEqual([{ balance: 41n }])
    expect(await booksViolations(server.databaseUrl)).toEqual([])
  })

  test('what follows on the connection of such a write is not carried out', async () => {
    disk.hold()
    const later = Promise.withResolvers<void>()
    const kept = converse(server.url, (socket) => {
      socket.write(post(0))
      void later.promise.then(() => socket.write(post(1)))
    })
    await untilHeld()
    const halting = server.halt()
    later.resolve()
    await new Promise((resolve) => setTimeout(resolve, 50))
    disk.release()
    await halting
    expect(answersIn(await kept)).toMatchObject([
      { status: 200, body: { balance: 1 }, headers: { connection: 'close' } },
    ])
    const rows = await plainSql(server.databaseUrl, 'SELECT balance FROM balances')
    expect(rows).toEqual([{ balance: 1n }])
  })

  test('connections that rest, or have never asked, hold nothing up', async () => {
    const silent = await connection()
    const resting = await connection()
    resting.write(aRequest())
    await once(resting, 'data')
    const startedMs = performance.now()
    await server.halt()
    expect(performance.now() - startedMs).toBeLessThan(2_000)
    for (const socket of [silent, resting]) if (!socket.closed) await once(socket, 'close')
  })

  test.each([
    ['headers', 'POST /earn HTTP/1.1\r\nHost: a\r\nX-A: '],
    [
      'a body',
      'POST /login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{',
    ],
  ])('a client that never finishes %s is left after ten seconds', async (_name, bytes) => {
    const slow = await connection()
    slow.write(bytes)
    await server.send('/health/live')
    await new Promise((resolve) => setTimeout(resolve, 50))
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      const halting = server.halt()
      const outcome = Promise.race([halting.then(() => 'stopped'), nextTurns(200)])
      expect(await outcome).toBe('waiting')
      vi.advanceTimersByTime(10_000)
      await halting
    } finally {
      vi.useRealTimers()
    }
    if (!slow.closed) await once(slow, 'close')
  })

  /** A request whose first bytes came before the stop and whose last ones after it. */
  const startedBefore = (whole: string) =>
    converse(server.url, async (socket) => {
      socket.write(whole.slice(0, 20))
      await new Promise((resolve) => setTimeout(resolve, 50))
      const halting = server.halt()
      socket.write(whole.slice(20))
      await new Promise((resolve) => setTimeout(resolve, 50))
      disk.release()
      await halting
    })

  test('readiness is down at once', async () => {
    disk.hold()
    const held = earn(0)
    await untilHeld()
    const [answer] = answersIn(await startedBefore(aRequest({ path: '/health/ready' })))
    expect(answer).toMatchObject({
      status: 503,
      body: { status: 'not-ready', reason: 'the server is stopping' },
      headers: { connection: 'close' },
    })
    expect((await held).status).toBe(200)
  })

  test('a request that comes too late is sent elsewhere, without an effect', async () => {
    disk.hold()
    const held = earn(0)
    await untilHeld()
    const [answer] = answersIn(await startedBefore(post(1)))
    if (!answer) throw new Error('it was not answered')
    expectProblem(answer, 'shutting-down')
    expect(answer.headers['connection']).toBe('close')
    expect((await held).status).toBe(200)
    const rows = await plainSql(server.databaseUrl, 'SELECT balance FROM balances')
    expect(rows).toEqual([{ balance: 1n }])
  })
})

async function nextTurns(count: number): Promise<string> {
  for (let n = 0; n < count; n += 1) await new Promise(setImmediate)
  return 'waiting'
}
