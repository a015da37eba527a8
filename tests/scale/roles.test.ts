// Questline as several processes on one PostgreSQL: two that serve games, two that count.
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type FreshDatabase, freshPostgres } from '../database.ts'
import { aPurchase } from '../http/game-events.ts'
import { rowsOf } from '../pipeline/consumers.ts'
import { type EventStream, openStream } from '../pipeline/event-stream.ts'
import { plainSql } from '../plain-sql.ts'
import { questline, type RunningServer, startServerProcess } from '../questline.ts'

const KEY = 'an-ingest-key-of-this-test'
/** A lease lasts ten seconds; the machine of a test may be busy. */
const TAKEN_OVER_MS = 25_000

describe('roles on one PostgreSQL', () => {
  let folder: string
  let database: FreshDatabase
  let settings: Readonly<Record<string, string>>
  let operator: string
  const running = new Map<string, RunningServer>()
  let stream: EventStream | undefined

  const start = async (name: string, role: string): Promise<RunningServer> => {
    const own = join(folder, name)
    await mkdir(own)
    const server = await startServerProcess({
      folder: own,
      settings: { ...settings, ROLE: role, DATA_DIR: own },
    })
    running.set(name, server)
    return server
  }
  const at = (name: string): RunningServer => {
    const server = running.get(name)
    if (!server) throw new Error(`${name} does not run`)
    return server
  }
  const kill = async (name: string): Promise<void> => {
    at(name).child.kill('SIGKILL')
    await at(name).exit()
    running.delete(name)
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'questline-roles-'))
    database = await freshPostgres()
    settings = {
      ...{ HOST: '127.0.0.1', LOG_LEVEL: 'error', RATE_LIMIT: 'off' },
      ...{ DATABASE_URL: database.url, ANALYTICS_URL: database.url, EVENT_API_KEY: KEY },
    }
    const words = ['keys', 'create', '--name', 'tests', '--scope', 'operator', '--json']
    const { output, errors } = await questline(words, { folder, settings })
    expect(errors).toBe('')
    operator = JSON.parse(output).key
    await Promise.all([start('api 1', 'api'), start('api 2', 'api')])
    await start('counts 1', 'quality')
  })
  afterAll(async () => {
    stream?.close()
    for (const name of [...running.keys()]) {
      at(name).child.kill('SIGCONT')
      await kill(name)
    }
    await database.drop()
    await rm(folder, { recursive: true, force: true })
  })

  const authorization = () => ({ authorization: `Bearer ${operator}` })
  const midnight = new Date().setUTCHours(0, 0, 0, 0)
  const RANGE = `from=${new Date(midnight - 86_400_000).toISOString().slice(0, 10)}&to=${new Date(midnight + 86_400_000).toISOString().slice(0, 10)}`

  let sent = 0
  let micros = 0
  const players = new Set<string>()
  /** Purchases of some players, through one of the nodes; every other batch is sent a second time. */
  const play = async (through: string, count: number): Promise<void> => {
    const events = Array.from({ length: count }, () => {
      sent += 1
      const player = `player ${sent % 37}`
      players.add(player)
      micros += sent * 10_000
      return aPurchase({
        event_id: `00000000-0000-4000-8000-${sent.toString(16).padStart(12, '0')}`,
        occurred_at: new Date().toISOString(),
        player_id: player,
        ...{ amount_micros: sent * 10_000, currency: 'USD' },
      })
    })
    const nodes = sent % 2 === 0 ? ['api 1', 'api 2'] : [through]
    for (const node of nodes) {
      const answer = await fetch(`${at(node).facts.address}/v1/events`, {
        method: 'POST',
        headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
        body: JSON.stringify({ events }),
      })
      expect(answer.status, await answer.clone().text()).toBe(200)
    }
  }

  const numbers = async (node: string) => {
    const answer = await fetch(`${at(node).facts.address}/v1/kpi/days?${RANGE}`, {
      headers: authorization(),
    })
    const { days } = (await answer.json()) as { days: Record<string, number>[] }
    const sum = (name: string) => days.reduce((all, day) => all + (day[name] ?? 0), 0)
    return {
      purchases: sum('purchases'),
      revenue: sum('revenue_usd_micros'),
      users: Math.max(0, ...days.map((day) => day['users'] ?? 0)),
    }
  }
  const expected = () => ({ purchases: sent, revenue: micros, users: players.size })
  const counted = async (timeout = 10_000): Promise<void> => {
    for (const node of ['api 1', 'api 2']) {
      await expect.poll(() => numbers(node), { timeout, interval: 100 }).toEqual(expected())
    }
  }
  const tokens = async () => {
    const rows = await plainSql(
      database.url,
      "SELECT name, token FROM analytics.leases WHERE name IN ('quality', 'loss', 'windows') ORDER BY name",
    )
    return rows.map((row) => Number(row['token']))
  }

  it('events through either node are in the numbers of both', async () => {
    await play('api 1', 25)
    await play('api 2', 25)
    await counted()
    expect(await tokens()).toEqual([1, 1, 1])
  })

  it('a node that counts nothing streams what another process has counted', async () => {
    stream = await openStream(`${at('api 2').facts.address}/v1/kpi/stream`, authorization())
    await stream.take(1)
    const before = stream.text().length
    await play('api 1', 3)
    await expect
      .poll(() => stream?.text().slice(before), { timeout: 10_000 })
      .toContain('event: minute')
  })

  it('a process without the API answers health and metrics, and nothing else', async () => {
    const { address, role, openDoors } = at('counts 1').facts
    expect({ role, openDoors }).toEqual({
      role: 'quality',
      openDoors: ['HEALTH_COUNTS_PUBLIC', 'METRICS_PUBLIC'],
    })
    const statuses = [
      '/health',
      '/health/ready',
      '/metrics',
      '/login',
      '/v1/events',
      '/docs',
      '/v1/kpi/days',
    ]
    const answers = await Promise.all(
      statuses.map(async (path) => (await fetch(address + path)).status),
    )
    expect(answers).toEqual([200, 200, 200, 404, 404, 404, 404])
    const metrics = await (await fetch(`${address}/metrics`)).text()
    expect(metrics).toMatch(/^questline_stage_lag_events{stage="windows"} \d+$/m)
    expect(metrics).not.toContain('stage="lake"')
    const ofApi = await (await fetch(`${at('api 1').facts.address}/metrics`)).text()
    expect(ofApi).not.toContain('stage="windows"')
  })

  it('a node without the role reports shows them and makes none', async () => {
    const answer = await fetch(`${at('api 1').facts.address}/run-pipeline`, {
      method: 'POST',
      headers: authorization(),
    })
    expect(answer.status).toBe(403)
    expect(await answer.json()).toMatchObject({
      code: 'door-closed',
      detail: expect.stringContaining('role reports'),
    })
  })

  it('another process takes over from one that was killed, and counts each event once', async () => {
    await start('counts 2', 'quality')
    // It waits: nobody has taken anything from the first.
    await play('api 1', 10)
    await counted()
    expect(await tokens()).toEqual([1, 1, 1])
    const playing = (async () => {
      for (let n = 0; n < 20; n += 1) await play(n % 2 ? 'api 1' : 'api 2', 7)
    })()
    await sleep(100)
    await kill('counts 1')
    await playing
    await counted(TAKEN_OVER_MS)
    expect(await tokens()).toEqual([2, 2, 2])
  }, 60_000)

  it('the lake is written by a process of its own, and commands find all of it there', async () => {
    await start('files', 'lake,reports')
    expect((await fetch(`${at('files').facts.address}/health/ready`)).status).toBe(200)
    const { exit, output, errors } = await questline(['lake', 'verify', '--json'], {
      folder,
      settings: { ...settings, DATA_DIR: join(folder, 'files') },
    })
    expect({ exit, errors }).toEqual({ exit: 0, errors: '' })
    expect(JSON.parse(output)).toMatchObject({ ok: true, faults: [] })
    const [lake] = await plainSql(
      database.url,
      "SELECT c.log_offset = h.log_offset AS whole FROM analytics.checkpoints c, log_head h WHERE consumer = 'lake'",
    )
    expect(lake).toEqual({ whole: true })
    // It reads what the lake holds now.
    const metrics = await (await fetch(`${at('files').facts.address}/metrics`)).text()
    expect(metrics).toMatch(/^questline_stage_lag_events{stage="lake"} \d+$/m)
  }, 60_000)

  it('one that hung while another one took over counts nothing twice when it wakes', async () => {
    const playing = (async () => {
      for (let n = 0; n < 20; n += 1) await play(n % 2 ? 'api 1' : 'api 2', 7)
    })()
    await sleep(50)
    at('counts 2').child.kill('SIGSTOP')
    await playing
    await start('counts 3', 'quality')
    await counted(2 * TAKEN_OVER_MS)
    expect(await tokens()).toEqual([3, 3, 3])
    at('counts 2').child.kill('SIGCONT')
    await play('api 1', 50)
    await play('api 2', 51)
    await counted()
    // Time for the one that woke to do what it still had in mind.
    await sleep(1_500)
    await counted()
    expect(await tokens()).toEqual([3, 3, 3])
  }, 90_000)

  it('every row is as a rebuild makes it', async () => {
    const words = ['windows', 'rebuild', '--json']
    const before = await rowsOf(database.url)
    const own = { ...settings, DATA_DIR: folder }
    const { exit, output, errors } = await questline(words, { folder, settings: own })
    expect({ exit, errors }).toEqual({ exit: 0, errors: '' })
    const { rebuilt } = JSON.parse(output) as { rebuilt: { changed: number }[] }
    expect(rebuilt.map(({ changed }) => changed)).toEqual([0, 0])
    expect(await rowsOf(database.url)).toEqual(before)
  })

  it('a role ends with 0 on SIGTERM, and leaves its leases free at once', async () => {
    at('counts 3').child.kill('SIGTERM')
    expect(await at('counts 3').exit()).toBe(0)
    running.delete('counts 3')
    await start('counts 4', 'quality')
    await play('api 2', 9)
    await counted(8_000)
    expect(await tokens()).toEqual([4, 4, 4])
  })
})
