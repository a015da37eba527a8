import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freshSqlite } from '../database.ts'
import { startServer, type TestServer } from '../http/server.ts'

describe('smoke', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await startServer(
      { name: 'sqlite', fresh: freshSqlite },
      { settings: { CONSUMERS: 'on', LOG_LEVEL: 'info' } },
    )
  })
  afterAll(() => server.stop())
  it('counts a free event', async () => {
    const token = await server.guest('p1')
    await server.send('/event', { token, body: { eventType: 'level_complete' } })
    await sleep(2_000)
    const answer = await server.send('/v1/kpi/minutes', { token: server.keys.operator })
    console.log(answer.status, answer.text)
    expect(answer.status).toBe(200)
    const loss = await server.send('/v1/loss', { token: server.keys.operator })
    console.log(loss.text)
  })
})
