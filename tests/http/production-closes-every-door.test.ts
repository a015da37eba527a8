// The ways in that development leaves open: open there, closed in production, and opened again only
// by their own setting. A closed door is 401 without credentials and 403 to the wrong kind of them.
import { createHmac } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DATABASES } from '../database.ts'
import { plainSql } from '../plain-sql.ts'
import { PLAIN_QUESTLINE } from '../report-runs/plain-questline.ts'
import type { Answer, Sent } from './client.ts'
import { expectProblem } from './problem.ts'
import { aDeviceSecret, PRODUCTION, startServer, type TestServer } from './server.ts'

type Caller = 'nobody' | 'player' | 'ingest' | 'server' | 'operator'
/** What each caller is answered: a status, or the code of the problem. */
type Expected = Readonly<Record<Caller, number | string>>

type Door = {
  readonly name: string
  readonly path: string
  readonly sent?: Sent
  readonly development: Expected
  readonly production: Expected
  /** Opens it in production. */
  readonly setting: Readonly<Record<string, string>>
}

const everybody = (answer: number): Expected => ({
  nobody: answer,
  player: answer,
  ingest: answer,
  server: answer,
  operator: answer,
})
const own = { player: 200, operator: 200 }
const forOperators = {
  nobody: 'unauthenticated',
  player: 'door-closed',
  ingest: 'door-closed',
  server: 'door-closed',
  operator: 200,
}
const moving = { nobody: 'unauthenticated', ingest: 'forbidden', operator: 'forbidden' }

const DOORS: readonly Door[] = [
  {
    name: 'statistics over everybody',
    path: '/stats',
    // A player's own counts are no door.
    development: { ...own, nobody: 200, ingest: 'forbidden', server: 'forbidden' },
    production: { ...forOperators, player: 200 },
    setting: { STATS_PUBLIC: 'on' },
  },
  {
    name: 'statistics under their other name',
    path: '/event/stats',
    development: { ...own, nobody: 200, ingest: 'forbidden', server: 'forbidden' },
    production: { ...forOperators, player: 200 },
    setting: { STATS_PUBLIC: 'on' },
  },
  {
    name: 'earning with a player’s own token',
    path: '/earn',
    sent: { body: { amount: 1 } },
    development: { ...moving, player: 200, server: 'invalid-request' },
    production: { ...moving, player: 'door-closed', server: 'invalid-request' },
    setting: { PLAYER_EARN: 'on', EARN_DAILY_MAX: '100' },
  },
  {
    name: 'spending with a player’s own token',
    path: '/spend',
    sent: { body: { amount: 1 } },
    development: { ...moving, player: 'insufficient-funds', server: 'invalid-request' },
    production: { ...moving, player: 'door-closed', server: 'invalid-request' },
    setting: { PLAYER_EARN: 'on', EARN_DAILY_MAX: '100' },
  },
  {
    name: 'metrics',
    path: '/metrics',
    development: everybody(200),
    production: forOperators,
    setting: { METRICS_PUBLIC: 'on' },
  },
  {
    name: 'making the reports, from this machine',
    path: '/run-pipeline',
    sent: { method: 'POST' },
    development: everybody(200),
    production: forOperators,
    setting: { PIPELINE: 'on' },
  },
]
const reportsProgram = PLAIN_QUESTLINE
const CALLERS: readonly Caller[] = ['nobody', 'player', 'ingest', 'server', 'operator']

describe.each(DATABASES)('on $name', (database) => {
  const servers = new Map<string, TestServer>()
  beforeAll(async () => {
    servers.set('development', await startServer(database, { reportsProgram }))
    const production = { settings: PRODUCTION, reportsProgram }
    servers.set('production', await startServer(database, production))
    const settings = Object.assign({}, PRODUCTION, ...DOORS.map(({ setting }) => setting))
    servers.set('opened', await startServer(database, { settings, reportsProgram }))
  })
  afterAll(() => Promise.all([...servers.values()].map((server) => server.stop())))

  const serverOf = (name: string): TestServer => {
    const server = servers.get(name)
    if (!server) throw new Error(`no server is named ${name}`)
    return server
  }

  async function knock(server: TestServer, door: Door, caller: Caller): Promise<Answer> {
    const token = caller === 'player' ? await server.guest(`player at ${door.path}`) : undefined
    const key = caller === 'nobody' || caller === 'player' ? undefined : server.keys[caller]
    return server.send(door.path, { ...door.sent, token: token ?? key })
  }

  const expectAnswer = (answer: Answer, expected: number | string) => {
    if (typeof expected === 'number') expect(answer.status, answer.text).toBe(expected)
    else expectProblem(answer, expected as Parameters<typeof expectProblem>[1])
  }

  describe.each(DOORS)('$name', (door) => {
    test.each(CALLERS)('in development: %s', async (caller) => {
      expectAnswer(await knock(serverOf('development'), door, caller), door.development[caller])
    })
    test.each(CALLERS)('in production: %s', async (caller) => {
      expectAnswer(await knock(serverOf('production'), door, caller), door.production[caller])
    })
    test.each(CALLERS)('in production with its setting: %s', async (caller) => {
      expectAnswer(await knock(serverOf('opened'), door, caller), door.development[caller])
    })
    test('a wrong key is 401, whether the door is open or not', async () => {
      const token = `${serverOf('production').keys.operator.slice(0, -1)}_`
      const answer = await serverOf('production').send(door.path, { ...door.sent, token })
      expectProblem(answer, 'invalid-token')
    })
  })

  describe('logging in with nothing but a userId', () => {
    test('makes a guest in development', async () => {
      const answer = await serverOf('development').send('/login', { body: { userId: 'bare' } })
      expect(answer.status).toBe(200)
    })

    test('makes none in production; a device secret does', async () => {
      const server = serverOf('production')
      const login = (body: object) => server.send('/login', { body })
      expectProblem(await login({ userId: 'bare' }), 'device-secret-required')
      const deviceSecret = aDeviceSecret('bare')
      expect((await login({ userId: 'bare', deviceSecret })).status).toBe(200)
      expectProblem(await login({ userId: 'bare' }), 'invalid-credentials')
    })

    test('is closed in production to accounts from before, until a secret is bound', async () => {
      const server = serverOf('production')
      await plainSql(
        server.databaseUrl,
        "INSERT INTO players (player_id, created_at) VALUES ('old', 0)",
        'UPDATE player_count SET players = players + 1',
      )
      const deviceSecret = aDeviceSecret('old')
      for (const body of [{ userId: 'old' }, { userId: 'old', deviceSecret }]) {
        expectProblem(await server.send('/login', { body }), 'device-secret-unbound')
      }
    })
  })

  describe('an unsigned postback', () => {
    const body = '{"event_name":"purchase","appsflyer_id":"1"}'
    test('is stored as unverified in development', async () => {
      const server = serverOf('development')
      expect((await server.send('/af/postback', { body })).status).toBe(200)
      const rows = await plainSql(server.databaseUrl, 'SELECT verified FROM raw_postbacks')
      expect(rows).toEqual([{ verified: 0n }])
    })

    test('is 401 in production, whoever sends it', async () => {
      const server = serverOf('production')
      for (const token of [undefined, server.keys.operator]) {
        expectProblem(await server.send('/af/postback', { body, token }), 'invalid-signature')
      }
      const rows = await plainSql(server.databaseUrl, 'SELECT verified FROM raw_postbacks')
      expect(rows).toEqual([])
      const signature = createHmac('sha256', PRODUCTION.AF_SECRET).update(body).digest('hex')
      const headers = { 'x-af-signature': signature }
      expect((await server.send('/af/postback', { body, headers })).status).toBe(200)
    })
  })

  describe('statistics of one player', () => {
    test.each(['development', 'production', 'opened'])(
      'are closed to those without a token in %s',
      async (name) => {
        const server = serverOf(name)
        expectProblem(await server.send('/stats?uid=anybody'), 'unauthenticated')
        const { ingest, operator } = server.keys
        expectProblem(await server.send('/stats?uid=anybody', { token: ingest }), 'forbidden')
        expect((await server.send('/stats?uid=anybody', { token: operator })).status).toBe(200)
      },
    )
  })

  describe('counts in health', () => {
    const checks = { users: expect.any(Number), events: expect.any(Number) }
    test('are shown to anybody in development', async () => {
      expect((await serverOf('development').send('/health')).body['checks']).toEqual(checks)
    })

    test('are shown to operators only in production, and nobody is refused', async () => {
      const server = serverOf('production')
      const shownTo = async (token?: string) => {
        const answer = await server.send('/health', { token })
        expect(answer.status).toBe(200)
        // Who may see the counts sees how far the consumers are, and nobody else.
        expect('consumers' in answer.body).toBe('checks' in answer.body)
        return answer.body['checks']
      }
      expect(await shownTo(server.keys.operator)).toEqual(checks)
      const player = await server.guest('curious')
      for (const token of [undefined, player, server.keys.server, server.keys.ingest, 'x.y.z']) {
        expect(await shownTo(token)).toBeUndefined()
      }
    })

    test('are shown to anybody with their setting', async () => {
      const settings = { ...PRODUCTION, HEALTH_COUNTS_PUBLIC: 'on' }
      const server = await startServer(database, { settings })
      expect((await server.send('/health')).body['checks']).toEqual(checks)
      await server.stop()
    })
  })

  test('in production a server key moves a player’s currency, and transport security is demanded', async () => {
    const server = serverOf('production')
    await server.guest('moved')
    const body = { userId: 'moved', amount: 5 }
    const answer = await server.send('/earn', { token: server.keys.server, body })
    expect(answer.body).toEqual({ ok: true, userId: 'moved', amount: 5, balance: 5 })
    expect(answer.headers['strict-transport-security']).toBe('max-age=31536000; includeSubDomains')
    const plain = await serverOf('development').send('/health/live')
    expect(plain.headers['strict-transport-security']).toBeUndefined()
  })

  test('in production a player that may earn, earns up to the daily limit', async () => {
    const token = await serverOf('opened').guest('limited')
    const earn = (amount: number) => serverOf('opened').send('/earn', { token, body: { amount } })
    expect((await earn(100)).status).toBe(200)
    expectProblem(await earn(1), 'daily-earn-limit')
  })
})
