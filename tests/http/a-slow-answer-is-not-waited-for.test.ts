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

  test('a read is answered in time too, and the server goes on', async () => {
    // The token is known by now, so that only the balance is read.
    await server.send('/balance', { token })
    disk.holdReads()
    const waiting = server.send('/balance', { token })
    for (let turns = 0; turns < 20; turns += 1) await new Promise(setImmediate)
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
    for (let turns = 0; turns < 20; turns += 1) await new Promise(setImmediate)
    clock.advance(10_000)
    const answer = await waiting
    expect(expectProblem(answer, 'overloaded')['detail']).toContain('Nothing was done')
    disk.release()
    expect((await server.send('/balance', { token: stranger })).body['balance']).toBe(0)
  })
})
