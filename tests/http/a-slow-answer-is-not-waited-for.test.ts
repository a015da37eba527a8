// A handler that is still at work after ten seconds: its client is told, its work is not undone.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DATABASES } from '../database.ts'
import { aClock } from '../fresh-accounts.ts'
import { expectProblem } from './problem.ts'
import { startServer, type TestServer } from './server.ts'
import { createSwitch } from './switch.ts'

describe.each(DATABASES)('on $name', (database) => {
  const clock = aClock()
  const disk = createSwitch()
  let server: TestServer
  let token = ''
  beforeAll(async () => {
    server = await startServer(database, { world: { clock, decorateStore: disk.decorate } })
    token = await server.guest('ada')
  })
  afterAll(async () => {
    // Also when a test failed in between.
    disk.release()
    await server.stop()
  })

  test('a write is answered 503 in time, and its retry tells what became of it', async () => {
    const earn = () => server.send('/earn', { token, key: 'slow', body: { amount: 5 } })
    disk.hold()
    const waiting = earn()
    while (disk.held() === 0) await new Promise(setImmediate)
    clock.advance(10_000)
    const answer = await waiting
    expect(expectProblem(answer, 'overloaded')['detail']).toContain('It may have been done')
    expectProblem(await earn(), 'idempotency-key-in-use')
    expect((await server.send('/metrics')).text).toContain(
      'questline_http_request_seconds_count{route="/earn",method="POST",status="503"} 1',
    )

    disk.release()
    let retried = await earn()
    for (let n = 0; n < 500 && retried.status === 409; n += 1) retried = await earn()
    expect([retried.status, retried.headers['idempotency-replayed']]).toEqual([200, 'true'])
    expect(retried.body['balance']).toBe(5)
  })

  /** Resolves when the read of this statement waits, on which the answer to a request depends. */
  async function held(statement: string): Promise<void> {
    while (!disk.heldReads().has(statement)) await new Promise(setImmediate)
  }

  test('a read is answered in time too, and the server goes on', async () => {
    // The token is known by now, so that only the balance is read.
    await server.send('/balance', { token })
    disk.holdReads()
    const waiting = server.send('/balance', { token })
    await held('ledger.balance')
    clock.advance(9_999)
    await new Promise((resolve) => setTimeout(resolve, 400))
    clock.advance(1)
    expectProblem(await waiting, 'overloaded')
    disk.release()
    expect((await server.send('/balance', { token })).body['balance']).toBe(5)
  })

  test('a check of who calls is answered in time too, and nothing is done', async () => {
    const stranger = await server.guest('grace')
    disk.holdReads()
    const waiting = server.send('/earn', { token: stranger, body: { amount: 5 } })
    await held('accounts.find-standing')
    clock.advance(10_000)
    const answer = await waiting
    expect(expectProblem(answer, 'overloaded')['detail']).toContain('Nothing was done')
    disk.release()
    expect((await server.send('/balance', { token: stranger })).body['balance']).toBe(0)
  })

  /** What `http_request_seconds` has of a route's successes. */
  async function timesOf(path: string) {
    const { text } = await server.send('/metrics')
    const labels = `route="${path}",method="GET",status="200"`
    const value = (name: string, label = '') =>
      Number(new RegExp(`_${name}\\{${label}${labels}\\} (\\S+)`).exec(text)?.[1] ?? 0)
    return { sum: value('sum'), count: value('count'), below10: value('bucket', 'le="10",') }
  }

  test('the check and what follows have ten seconds each, and the metric counts both', async () => {
    const stranger = await server.guest('mary')
    disk.holdReads()
    const waiting = server.send('/wallet', { token: stranger })
    await held('accounts.find-standing')
    clock.advance(9_000)
    disk.release()
    disk.holdReads()
    await held('ledger.wallet')
    clock.advance(9_000)
    // Long enough for the deadlines to be looked at.
    await new Promise((resolve) => setTimeout(resolve, 400))
    disk.release()
    expect((await waiting).status).toBe(200)
    expect(await timesOf('/wallet')).toEqual({ sum: 18, count: 1, below10: 0 })
  })

  test.each([0.25, 2])(
    'a handler that takes %f seconds counts with just these',
    async (seconds) => {
      // The token is known from then on.
      await server.send('/balance', { token })
      const before = await timesOf('/balance')
      disk.holdReads()
      const waiting = server.send('/balance', { token })
      await held('ledger.balance')
      clock.advance(seconds * 1_000)
      disk.release()
      expect((await waiting).status).toBe(200)
      const after = await timesOf('/balance')
      expect([after.sum - before.sum, after.count - before.count]).toEqual([seconds, 1])
    },
  )
})
