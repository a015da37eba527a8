import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { questline, type RunningServer, startServerProcess } from './questline.ts'

let folder = ''
const servers: RunningServer[] = []
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'questline-start-'))
})
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.child.kill('SIGKILL')
    await server.exit()
  }
  await rm(folder, { recursive: true, force: true })
})

async function start(settings: Readonly<Record<string, string>> = {}): Promise<RunningServer> {
  const server = await startServerProcess({ folder, settings })
  servers.push(server)
  return server
}

const earn = async ({ facts }: RunningServer, key: string): Promise<boolean> => {
  const post = (path: string, body: unknown, headers = {}) =>
    fetch(facts.address + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    })
  try {
    const login = await post('/login', { userId: 'ada' })
    const { token } = (await login.json()) as { token: string }
    const headers = { authorization: `Bearer ${token}`, 'idempotency-key': key }
    return (await post('/earn', { amount: 1 }, headers)).ok
  } catch {
    return false
  }
}

/** A request that has begun and never ends: a stop has to wait for it. */
async function stuckRequest({ facts }: RunningServer): Promise<Socket> {
  const { port, hostname } = new URL(facts.address)
  const socket = connect(Number(port), hostname)
  socket.on('error', () => undefined)
  socket.write('POST /login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n')
  socket.write('Content-Length: 100\r\nExpect: 100-continue\r\n\r\n')
  // Which the server says when it has begun with the request.
  const [said] = await once(socket, 'data')
  expect(String(said)).toMatch(/^HTTP\/1.1 100 /)
  socket.write('{"userId"')
  return socket
}

/** As long as it takes on a machine that has much else to do; what never comes is still a failure. */
const PATIENCE = { timeout: 20_000 }

describe('questline start', () => {
  it('says where it listens and which doors are open, and keeps stdout for that', async () => {
    const server = await start()
    expect(server.facts).toEqual({
      address: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      role: 'all',
      database: 'data/app.db',
      environment: 'development',
      openDoors: [
        ...['BARE_LOGIN', 'UNSIGNED_POSTBACKS', 'STATS_PUBLIC', 'PLAYER_EARN'],
        ...['HEALTH_COUNTS_PUBLIC', 'METRICS_PUBLIC', 'DOCS_PUBLIC', 'PIPELINE'],
      ],
    })
    expect((await fetch(`${server.facts.address}/health/ready`)).status).toBe(200)
    const metrics = await (await fetch(`${server.facts.address}/metrics`)).text()
    expect(metrics).toMatch(/^questline_ledger_discrepancies 0$/m)
    expect(metrics).toMatch(/^questline_ledger_audited_timestamp_seconds 0$/m)
    for (const line of server.errors().trim().split('\n'))
      expect(JSON.parse(line)).toBeTypeOf('object')
  })

  it('warns of a name that is nearly a setting', async () => {
    const server = await start({ EARN_DAILY_MX: '500' })
    expect(server.errors()).toContain('"msg":"EARN_DAILY_MX: is no setting, EARN_DAILY_MAX is"')
  })

  it('finds no door open in production', async () => {
    const server = await start({
      ...{ ENVIRONMENT: 'production', HOST: '127.0.0.1' },
      JWT_SECRET: 'f4c3b2a1-production-jwt-secret-of-one-test',
      AF_SECRET: 'a1b2c3f4-production-af-secret-of-one-test',
    })
    expect(server.facts['openDoors']).toEqual([])
  })

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'on %s keeps what it answered, and ends with 0',
    async (signal) => {
      const server = await start()
      let answered = 0
      let stopped = false
      const playing = (async () => {
        for (let i = 0; !stopped; i += 1) if (await earn(server, `key-${i}`)) answered += 1
      })()
      await vi.waitFor(() => expect(answered).toBeGreaterThan(3), PATIENCE)
      server.child.kill(signal)
      expect(await server.exit()).toBe(0)
      stopped = true
      await playing

      const audit = await questline(['audit', '--json'], { folder })
      expect(JSON.parse(audit.output)).toMatchObject({ ok: true })
      expect(JSON.parse(audit.output).checked.entries).toBeGreaterThanOrEqual(answered)
    },
  )

  it('answers what it has begun before it ends', async () => {
    const server = await start({ PASSWORD_HASHES_AT_ONCE: '1' })
    const registrations = ['ada', 'bob', 'cleo', 'dora'].map((username) =>
      fetch(`${server.facts.address}/auth/register`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ username, password: 'a long one of no importance' }),
      }),
    )
    // One hash takes tens of milliseconds, and they take turns: the last ones are still waiting.
    await Promise.race(registrations)
    server.child.kill('SIGTERM')
    const statuses = (await Promise.all(registrations)).map(({ status }) => status)
    expect(statuses).toEqual([201, 201, 201, 201])
    expect(await server.exit()).toBe(0)
  })

  it('is forced by a second signal, and ends with 1', async () => {
    const server = await start({ REQUEST_TIMEOUT_MS: '60000' })
    await stuckRequest(server)
    server.child.kill('SIGTERM')
    await vi.waitFor(() => expect(server.errors()).toContain('"stopping"'), PATIENCE)
    expect(server.child.exitCode).toBeNull()
    server.child.kill('SIGTERM')
    expect(await server.exit()).toBe(1)
    expect(server.errors()).toContain('a second signal')
  })

  it('is forced by STOP_DEADLINE_MS, and ends with 1', async () => {
    const server = await start({ REQUEST_TIMEOUT_MS: '60000', STOP_DEADLINE_MS: '300' })
    await stuckRequest(server)
    server.child.kill('SIGTERM')
    expect(await server.exit()).toBe(1)
    expect(server.errors()).toContain('STOP_DEADLINE_MS')
  })

  it.each([
    ['is thrown', "throw new Error('planted')"],
    ['is a rejection', "Promise.reject(new Error('planted'))"],
  ])('logs a bug that nobody caught, which %s, and ends with 1', async (_name, code) => {
    const plant = `data:text/javascript,process.on('SIGUSR2',()=>{${encodeURIComponent(code)}})`
    const server = await start({ NODE_OPTIONS: `--import=${plant}` })
    server.child.kill('SIGUSR2')
    expect(await server.exit()).toBe(1)
    expect(server.errors()).toContain('planted')
    expect(server.errors()).toContain('this is a bug, leaving')
  })

  it('says which port is taken and which setting changes it', async () => {
    const { facts } = await start()
    const { port } = new URL(facts.address)
    for (const words of [['start'], ['demo', '--once']]) {
      const settings = { PORT: port, DATA_DIR: 'other' }
      const { exit, output, errors } = await questline(words, { folder, settings })
      expect({ exit, output }).toEqual({ exit: 1, output: '' })
      expect(errors).toContain(`questline: port ${port} of 127.0.0.1 is taken`)
      expect(errors).toContain('set PORT')
      expect(errors).not.toMatch(/\n {4}at /)
    }
  })

  it('is not the second one on the same books; commands are welcome beside it', async () => {
    const server = await start()
    await earn(server, 'one')
    const second = await questline(['start'], { folder, settings: { PORT: '0' } })
    expect(second).toMatchObject({ exit: 1, output: '' })
    expect(second.errors).toMatch(/another Questline server runs on .*DATA_DIR or DATABASE_URL/)
    const restore = await questline(['backup', 'copy.db'], { folder }).then(() =>
      questline(['restore', 'copy.db'], { folder }),
    )
    expect(restore).toMatchObject({ exit: 1, output: '' })
    expect(restore.errors).toContain('another Questline server runs')
    expect((await questline(['audit'], { folder })).output).toContain('audit clean: 1 accounts')
  })
})

describe('questline postback-test', () => {
  it('passes against the server of this folder, and fails with another secret', async () => {
    const { facts } = await start()
    const settings = { PORT: new URL(facts.address).port }
    const passed = await questline(['postback-test', '--json'], { folder, settings })
    expect(passed.exit).toBe(0)
    expect(JSON.parse(passed.output)).toMatchObject({ passed: true, unsignedDoor: 'open' })

    const words = ['postback-test', '--url', facts.address, '--secret', 'another one']
    const failed = await questline(words, { folder })
    expect(failed.exit).toBe(1)
    expect(failed.output).toMatch(/FAIL {2}valid .*\n[\s\S]*FAILED/)
  })
})
