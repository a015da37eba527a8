// Pages that production shows to operators only ask the database for the key, and wait for it as long
// as a route does: ten seconds.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DATABASES } from '../database.ts'
import { aClock } from '../fresh-accounts.ts'
import { expectProblem } from './problem.ts'
import { PRODUCTION, startServer, type TestServer } from './server.ts'
import { createSwitch } from './switch.ts'

describe.each(DATABASES)('on $name', (database) => {
  const clock = aClock()
  const disk = createSwitch()
  let server: TestServer
  beforeAll(async () => {
    server = await startServer(database, {
      settings: PRODUCTION,
      world: { clock, decorateStore: disk.decorate },
    })
  })
  afterAll(async () => {
    // Also when a test failed in between.
    disk.release()
    await server.stop()
  })

  test.each(['/metrics', '/docs', '/redoc', '/openapi.json'])('at %s', async (path) => {
    const read = () => server.send(path, { token: server.keys.operator })
    disk.holdReads()
    const waiting = read()
    while (!disk.heldReads().has('accounts.find-api-key')) await new Promise(setImmediate)
    clock.advance(10_000)
    const answer = await waiting
    expect(expectProblem(answer, 'overloaded')['detail']).toContain('Nothing was done')
    disk.release()
    expect((await read()).status).toBe(200)
  })
})
