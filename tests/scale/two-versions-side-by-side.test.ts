// A deployment without an outage: a server of an older version serves while `questline migrate` of the
// new one brings the schema up to date, and then both serve from the same books.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { booksViolations } from '../books-invariants.ts'
import { type FreshDatabase, freshPostgres } from '../database.ts'
import { gameEventViolations } from '../game-events-invariants.ts'
import { type Client, createClient } from '../http/client.ts'
import { anInstall, type SentEvent } from '../http/game-events.ts'
import { aDeviceSecret } from '../http/server.ts'
import { openPlainSql, plainSql } from '../plain-sql.ts'
import { questline, type RunningServer, startServerProcess } from '../questline.ts'
import { type OldProgram, previousVersion, unpackPreviousVersion } from './previous-version.ts'

const commit = previousVersion()
const BATCH_MAX = 500
const KEY = 'an-ingest-key-of-this-test'
const name = `an old server and a new one${commit === null ? ' (skipped: the history does not go back to it)' : ''}`

describe.skipIf(commit === null)(name, () => {
  let folder: string
  let database: FreshDatabase
  let old: OldProgram
  let settings: Readonly<Record<string, string>>
  const servers: RunningServer[] = []
  const clients: Client[] = []
  let made = 0

  const start = async (program?: string): Promise<Client> => {
    const around = { folder, settings, ...(program === undefined ? {} : { program }) }
    const server = await startServerProcess(around)
    servers.push(server)
    const client = createClient(server.facts.address)
    clients.push(client)
    return client
  }
  /** An id of version 7, as our own SDK makes them; others come from other clients. */
  const event = (): SentEvent => {
    made += 1
    const time = Date.now().toString(16).padStart(12, '0')
    const id = `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${String(made).padStart(12, '0')}`
    return made % 3 === 0 ? anInstall() : anInstall({ event_id: id })
  }
  const verdicts = async (at: Client, events: readonly SentEvent[]): Promise<string[]> => {
    const said: string[] = []
    for (let from = 0; from < events.length; from += BATCH_MAX) {
      const body = { events: events.slice(from, from + BATCH_MAX) }
      const answer = await at.send('/v1/events', { token: KEY, body })
      expect(answer.status, answer.text).toBe(200)
      said.push(...(answer.body['results'] as { status: string }[]).map(({ status }) => status))
    }
    return said
  }
  const all = (verdict: string, count: number) => new Array(count).fill(verdict)
  const schema = async () =>
    Number((await plainSql(database.url, 'SELECT max(number) AS n FROM migrations'))[0]?.['n'])

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'questline-versions-'))
    database = await freshPostgres()
    old = unpackPreviousVersion(commit ?? '')
    settings = {
      ...{ HOST: '127.0.0.1', LOG_LEVEL: 'error', RATE_LIMIT: 'off', CONSUMERS: 'off' },
      ...{ DATABASE_URL: database.url, DATA_DIR: folder, EVENT_API_KEY: KEY },
      JWT_SECRET: 'one-secret-that-both-versions-of-a-test-have',
    }
  })
  afterAll(async () => {
    for (const client of clients) client.close()
    for (const server of servers) server.child.kill('SIGTERM')
    await Promise.all(servers.map((server) => server.exit()))
    old.remove()
    await database.drop()
    await rm(folder, { recursive: true, force: true })
  })

  test('the old one misses no request while the new one migrates, and both know what either did', async () => {
    const before = await start(old.program)
    expect(await schema()).toBe(3)
    const body = { userId: 'ada', deviceSecret: aDeviceSecret('ada') }
    const token = String((await before.send('/login', { body })).body['token'])
    const early = Array.from({ length: 30 }, event)
    expect(await verdicts(before, early)).toEqual(all('accepted', 30))

    let going = true
    let earned = 0
    const statuses = new Set<number>()
    const meanwhile: SentEvent[] = []
    const earning = async () => {
      while (going) {
        earned += 1
        const sent = { token, body: { amount: 1 }, key: `earn-${earned}` }
        statuses.add((await before.send('/earn', sent)).status)
      }
    }
    const sending = async () => {
      while (going) {
        const events = Array.from({ length: 10 }, event)
        expect(await verdicts(before, events)).toEqual(all('accepted', 10))
        meanwhile.push(...events)
      }
    }
    const load = Promise.all([earning(), earning(), sending()])
    const migrated = await questline(['migrate', '--json'], { folder, settings })
    expect(migrated.exit, migrated.errors).toBe(0)
    expect(await schema()).toBeGreaterThan(3)
    const after = await start()
    going = false
    await load
    expect([...statuses]).toEqual([200])

    for (const at of [after, before]) {
      expect(await verdicts(at, early)).toEqual(all('duplicate', early.length))
      expect(await verdicts(at, meanwhile)).toEqual(all('duplicate', meanwhile.length))
    }
    const [late, later] = [Array.from({ length: 30 }, event), Array.from({ length: 30 }, event)]
    expect(await verdicts(before, late)).toEqual(all('accepted', 30))
    expect(await verdicts(after, late)).toEqual(all('duplicate', 30))
    expect(await verdicts(after, later)).toEqual(all('accepted', 30))
    expect(await verdicts(before, later)).toEqual(all('duplicate', 30))

    const once = { token, body: { amount: 5 }, key: 'once' }
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) => (n % 2 === 0 ? before : after).send('/earn', once)),
    )
    const bodies = answers.filter(({ status }) => status === 200).map(({ text }) => text)
    expect(new Set(bodies).size).toBe(1)
    for (const at of [before, after]) {
      expect((await at.send('/balance', { token })).body['balance']).toBe(earned + 5)
    }
  })

  test('nothing is wrong in the books and in the events afterwards', async () => {
    const { exit, output } = await questline(['audit', '--json'], { folder, settings })
    expect(exit, output).toBe(0)
    expect(await booksViolations(database.url)).toEqual([])
    const sql = await openPlainSql(database.url)
    expect(await gameEventViolations(sql)).toEqual([])
    await sql.close()
  })
})
