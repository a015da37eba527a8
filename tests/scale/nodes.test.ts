// Three API nodes, processes of their own on one PostgreSQL, once directly and once through a real
// PgBouncer in transaction mode: what is promised of one server holds of all of them together.
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ROUTES } from '@questline/contracts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { booksViolations } from '../books-invariants.ts'
import { type FreshDatabase, freshPostgres } from '../database.ts'
import { type Answer, type Client, createClient, type Sent } from '../http/client.ts'
import { anInstall } from '../http/game-events.ts'
import { expectProblem } from '../http/problem.ts'
import { idPlaces, naming, rightRequest, toSend } from '../http/requests.ts'
import { aDeviceSecret } from '../http/server.ts'
import { plainSql } from '../plain-sql.ts'
import { questline, type RunningServer, startServerProcess } from '../questline.ts'
import { type Pooler, pgBouncerVersion, startPgBouncer } from './pgbouncer.ts'

const NODES = 3
/** How long a node believes a token without asking the database. */
const BELIEVED_MS = 5_000
const INSTALLED = pgBouncerVersion()

describe.each([
  { through: 'directly', pooled: false },
  { through: `through PgBouncer ${INSTALLED ?? '(skipped: it is not installed)'}`, pooled: true },
])('three nodes on PostgreSQL $through', ({ pooled }) => {
  if (pooled && INSTALLED === null) return test.skip('it is not installed', () => undefined)
  let folder: string
  let database: FreshDatabase
  let pooler: Pooler | undefined
  let settings: Readonly<Record<string, string>>
  const servers: RunningServer[] = []
  const nodes: Client[] = []
  let turn = 0
  const next = (): Client => {
    turn += 1
    return node(turn % NODES)
  }
  const node = (n: number): Client => {
    const client = nodes[n]
    if (!client) throw new Error(`there is no node ${n}`)
    return client
  }
  const others = (n: number) => nodes.filter((_, index) => index !== n)
  const command = (...words: string[]) => questline([...words, '--json'], { folder, settings })

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'questline-nodes-'))
    database = await freshPostgres()
    if (pooled) pooler = await startPgBouncer(database.url)
    const url = pooler?.url ?? database.url
    settings = {
      ...{ HOST: '127.0.0.1', LOG_LEVEL: 'error', RATE_LIMIT: 'off', ROLE: 'api' },
      ...{ DATABASE_URL: url, ANALYTICS_URL: url, PG_POOLER: pooled ? 'on' : 'off' },
      JWT_SECRET: 'one-secret-that-all-nodes-of-a-test-have',
    }
    for (let n = 0; n < NODES; n += 1) {
      const own = join(folder, String(n))
      await mkdir(own)
      const server = await startServerProcess({
        folder: own,
        settings: { ...settings, DATA_DIR: own },
      })
      servers.push(server)
      nodes.push(createClient(server.facts.address))
    }
  })
  afterAll(async () => {
    for (const client of nodes) client.close()
    for (const server of servers) server.child.kill('SIGTERM')
    const exits = await Promise.all(servers.map((server) => server.exit()))
    await pooler?.stop()
    await database.drop()
    await rm(folder, { recursive: true, force: true })
    expect(exits).toEqual(servers.map(() => 0))
  })

  const guest = async (userId: string, at = node(0)): Promise<Record<string, string>> => {
    const answer = await at.send('/login', {
      body: { userId, deviceSecret: aDeviceSecret(userId) },
    })
    expect(answer.status, answer.text).toBe(200)
    return answer.body as Record<string, string>
  }
  const balances = (token: string | undefined) =>
    Promise.all(nodes.map(async (at) => (await at.send('/balance', { token })).body['balance']))
  /** So many at once and no more: a burst is the business of another test. */
  const inTurns = async (count: number, atOnce: number, one: (n: number) => Promise<unknown>) => {
    let begun = 0
    const lane = async () => {
      while (begun < count) {
        begun += 1
        await one(begun)
      }
    }
    await Promise.all(Array.from({ length: atOnce }, lane))
  }

  test('2,000 earns of 1 by one player at once make exactly 2,000', async () => {
    const { token } = await guest('hot')
    const statuses = new Map<number, number>()
    await inTurns(2_000, 192, async (n) => {
      const sent: Sent = { token, body: { amount: 1 }, key: `hot-${n}` }
      const { status } = await next().send('/earn', sent)
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
    })
    expect([...statuses]).toEqual([[200, 2_000]])
    expect(await balances(token)).toEqual(new Array(NODES).fill(2_000))
  })

  test('one key sent 50 times at once has one effect and one body', async () => {
    const { token } = await guest('again')
    const send = (at: Client) => at.send('/earn', { token, key: 'once', body: { amount: 7 } })
    const answers = await Promise.all(Array.from({ length: 50 }, () => send(next())))
    const refused = answers.filter(({ status }) => status !== 200)
    for (const answer of refused) expectProblem(answer, 'idempotency-key-in-use')
    for (const at of nodes) {
      const replayed = await send(at)
      expect(replayed.headers['idempotency-replayed']).toBe('true')
      answers.push(replayed)
    }
    const bodies = new Set(answers.filter(({ status }) => status === 200).map(({ text }) => text))
    expect([...bodies]).toEqual([expect.stringContaining('"balance":7')])
    expect(await balances(token)).toEqual([7, 7, 7])
  })

  test('one key with two bodies at two nodes at once has the effect of one', async () => {
    const { token } = await guest('torn')
    for (let round = 0; round < 20; round += 1) {
      const key = `torn-${round}`
      const [one, two] = await Promise.all(
        [1, 2].map((n) => node(n).send('/earn', { token, key, body: { amount: n } })),
      )
      const statuses = [one, two].map((answer) => answer?.status).toSorted()
      expect(statuses).toEqual([200, 422])
    }
    const [row] = await plainSql(
      database.url,
      "SELECT count(*) AS n, sum(amount) AS total FROM ledger_entries WHERE player_id = 'torn'",
    )
    expect(row?.['n']).toBe(20n)
    expect(await balances(token)).toEqual(new Array(NODES).fill(Number(row?.['total'])))
  })

  test('a refusal is remembered by all: a spend that failed at one fails at another', async () => {
    const { token } = await guest('poor')
    const spend = (at: Client) => at.send('/spend', { token, key: 'too-much', body: { amount: 5 } })
    const first = await spend(node(0))
    expectProblem(first, 'insufficient-funds')
    await node(1).send('/earn', { token, body: { amount: 10 } })
    const again = await spend(node(2))
    expect([again.status, again.text]).toEqual([first.status, first.text])
    expect(await balances(token)).toEqual([10, 10, 10])
  })

  test('an event is known at every node: the same id again is a duplicate', async () => {
    const { output } = await command('keys', 'create', '--scope', 'ingest', '--app', 'my-game')
    const token = JSON.parse(output).key
    const events = Array.from({ length: 30 }, (_, n) =>
      anInstall({
        event_id: `0199f3a0-1111-7${String(n).padStart(3, '0')}-8000-000000000001`,
        player_id: `player-${n}`,
      }),
    )
    const verdicts = await Promise.all(
      nodes.map(async (at) => {
        const answer = await at.send('/v1/events', { token, body: { events } })
        expect(answer.status, answer.text).toBe(200)
        return (answer.body['results'] as { status: string }[]).map(({ status }) => status)
      }),
    )
    const all = verdicts.flat()
    expect(all.filter((status) => status === 'accepted')).toHaveLength(30)
    expect(all.filter((status) => status === 'duplicate')).toHaveLength(60)
  })

  describe('a player of one node', () => {
    const placed = ROUTES.flatMap((route) => idPlaces(route).map((place) => ({ route, place })))

    test.each(placed)(
      '$route.method $route.path: a stranger gets at the second node what it gets at the first',
      async ({ route, place }) => {
        const { token: stranger } = await guest('stranger')
        const { token: own } = await guest('victim')
        const before = await balances(own)
        const whole = ({ status, text }: Answer) => [status, text]
        const [url, sent] = toSend(route, naming(rightRequest(route), place, 'victim'))
        const ask = (at: Client) => at.send(url, { ...sent, token: stranger, id: 'the-same' })
        const first = await ask(node(0))
        expect([401, 403, 404]).toContain(first.status)
        for (const at of others(0)) expect(whole(await ask(at))).toEqual(whole(first))
        expect(await balances(own)).toEqual(before)
      },
    )

    test('is itself at all of them, with the same token', async () => {
      const { token } = await guest('traveller')
      await node(1).send('/earn', { token, body: { amount: 3 } })
      expect(await balances(token)).toEqual([3, 3, 3])
    })
  })

  /** How long until every node refuses it; asked every 100 ms. */
  const untilRefused = async (ask: (at: Client) => Promise<Answer>): Promise<number> => {
    const begun = performance.now()
    for (;;) {
      const answers = await Promise.all(nodes.map(ask))
      if (answers.every(({ status }) => status === 401)) return performance.now() - begun
      if (performance.now() - begun > 4 * BELIEVED_MS) throw new Error('it is still believed')
      await sleep(100)
    }
  }

  test('a session that ends at one node ends at all of them within five seconds', async () => {
    const { token } = await guest('leaver')
    await balances(token)
    expect((await node(0).send('/auth/logout', { method: 'POST', token })).status).toBe(200)
    expectProblem(await node(0).send('/balance', { token }), 'invalid-token')
    const ms = await untilRefused((at) => at.send('/balance', { token }))
    expect(ms).toBeLessThan(BELIEVED_MS + 1_500)
  })

  test('a refresh token works once, at whichever node; shown again it ends the session at all', async () => {
    const { refreshToken } = await guest('rotator')
    const refresh = (at: Client, shown: unknown) =>
      at.send('/auth/refresh', { body: { refreshToken: shown } })
    const second = await refresh(node(1), refreshToken)
    expect(second.status).toBe(200)
    const token = String(second.body['token'])
    expect(await balances(token)).toEqual([0, 0, 0])
    expect((await refresh(node(2), refreshToken)).status).toBe(401)
    expect((await refresh(node(0), second.body['refreshToken'])).status).toBe(401)
    const ms = await untilRefused((at) => at.send('/balance', { token }))
    expect(ms).toBeLessThan(BELIEVED_MS + 1_500)
  })

  test('a key that is revoked is refused by all nodes from the next request on', async () => {
    const { output } = await command('keys', 'create', '--scope', 'operator')
    const { id, key } = JSON.parse(output)
    const ask = (at: Client) => at.send('/user/hot', { token: key })
    for (const at of nodes) expect((await ask(at)).status).toBe(200)
    expect((await command('keys', 'revoke', id)).exit).toBe(0)
    for (const at of nodes) expectProblem(await ask(at), 'invalid-token')
  })

  test('the books are in order at the end', async () => {
    const { exit, output } = await command('audit')
    expect(exit, output).toBe(0)
    expect(await booksViolations(database.url)).toEqual([])
  })

  if (pooled) {
    test('without PG_POOLER nothing starts behind one', async () => {
      const { exit, errors } = await questline(['audit'], {
        folder,
        settings: { ...settings, PG_POOLER: 'off' },
      })
      expect(exit).not.toBe(0)
      expect(errors).toMatch(/startup parameter/)
    })

    test('a read that is alone has a limit of time in the database', async () => {
      const rows = await plainSql(
        database.url,
        'SELECT unnest(setconfig) AS setting FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase WHERE d.datname = current_database()',
      )
      expect(rows).toEqual([{ setting: 'statement_timeout=60s' }])
    })
  }
})
