// Health, metrics and the explanation of problems. Their doors are tested with the other doors.
import { PROBLEMS } from '@questline/contracts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DATABASES } from '../database.ts'
import { expectProblem } from './problem.ts'
import { startServer, type TestServer } from './server.ts'
import { createSwitch } from './switch.ts'

describe.each(DATABASES)('on $name', (database) => {
  const disk = createSwitch()
  let server: TestServer
  beforeAll(async () => {
    server = await startServer(database, { world: { decorateStore: disk.decorate } })
  })
  afterAll(() => server.stop())

  const HEALTHY = {
    status: 'healthy',
    version: expect.stringMatching(/^\d+\.\d+\.\d+/),
    environment: 'development',
    timestamp: expect.stringMatching(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/),
    database: { status: 'connected', type: database.name, tables: 'accessible' },
  }

  test('health shows the state and the counts of players and events', async () => {
    const before = (await server.send('/health')).body['checks'] as {
      users: number
      events: number
    }
    const token = await server.guest('counted')
    await server.send('/earn', { token, body: { amount: 1 } })
    const answer = await server.send('/health')
    const checks = { users: before.users + 1, events: before.events + 1 }
    const consumers = expect.any(Array)
    expect([answer.status, answer.body]).toEqual([200, { ...HEALTHY, checks, consumers }])
  })

  test('the server is alive, and ready once it has written', async () => {
    const live = await server.send('/health/live')
    expect([live.status, live.body]).toEqual([200, { status: 'alive' }])
    const ready = await server.send('/health/ready')
    expect([ready.status, ready.body]).toEqual([200, { status: 'ready' }])
  })

  test('probes answer whatever they accept and whatever they bear', async () => {
    const headers = { accept: 'text/html', authorization: 'Basic cHJvYmU6cHJvYmU=' }
    for (const path of ['/health', '/health/live', '/health/ready']) {
      expect((await server.send(path, { headers })).status).toBe(200)
    }
  })

  test('metrics are Prometheus text, with requests, commits, pool and queue', async () => {
    await server.send('/health/live')
    const answer = await server.send('/metrics')
    expect(answer.status).toBe(200)
    expect(answer.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8')
    for (const line of [
      /^questline_http_request_seconds_count\{route="\/health\/live",method="GET",status="200"\} [1-9]/m,
      /^questline_http_request_seconds_bucket\{.*le="\+Inf".*\} [1-9]/m,
      /^questline_commit_queue_depth 0$/m,
      /^questline_commit_writes_count [1-9]/m,
      /^questline_db_connections_max [1-9]/m,
    ]) {
      expect(answer.text).toMatch(line)
    }
  })

  test('metrics say how long requests took', async () => {
    await server.guest('timed')
    const { text } = await server.send('/metrics')
    const sum = /^questline_http_request_seconds_sum\{route="\/login",.*status="200"\} (\S+)$/m
    const seconds = Number(sum.exec(text)?.[1])
    expect(seconds).toBeGreaterThan(0)
    expect(seconds).toBeLessThan(60)
  })

  test('no path that somebody made up becomes a label', async () => {
    await server.send('/made-up-path')
    await server.send('/user/made-up-player', { token: server.keys.operator })
    expect((await server.send('/metrics')).text).not.toContain('made-up')
  })

  test.each(Object.entries(PROBLEMS))('the problem %s is explained', async (code, known) => {
    const answer = await server.send(`/problems/${code}`)
    expect([answer.status, answer.body]).toEqual([200, { code, ...known }])
  })

  test.each(['nothing', '__proto__', 'constructor', 'toString'])(
    'the problem %s is none',
    async (code) => {
      expectProblem(await server.send(`/problems/${code}`), 'not-found')
    },
  )

  test('a database that is away is told by health and readiness, not by liveness', async () => {
    const away = await startServer(database, { world: { decorateStore: disk.decorate } })
    disk.break()
    const health = await away.send('/health')
    expect([health.status, health.body]).toEqual([
      503,
      {
        ...HEALTHY,
        status: 'unhealthy',
        database: { status: 'disconnected', type: database.name, tables: 'inaccessible' },
      },
    ])
    const ready = await away.send('/health/ready')
    expect([ready.status, ready.body]).toEqual([
      503,
      { status: 'not-ready', reason: expect.any(String) },
    ])
    expect((await away.send('/health/live')).status).toBe(200)
    disk.mend()
    expect((await away.send('/health')).status).toBe(200)
    await away.stop()
  })
})
