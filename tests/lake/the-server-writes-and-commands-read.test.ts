// The server's thread and the commands beside it, as an operator has them.
import type { ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createLeases } from '../../packages/server/src/analytics/analytics.ts'
import { readManifest } from '../../packages/server/src/lake/lake.ts'
import { systemClock } from '../../packages/server/src/platform/platform.ts'
import { freshSqlite } from '../database.ts'
import { startFakeFirehose } from '../forward/fake-firehose.ts'
import { type ServerChanges, startServer, type TestServer } from '../http/server.ts'
import { fileOf } from '../open-store.ts'
import { questline, spawnQuestline } from '../questline.ts'

process.env['AWS_ACCESS_KEY_ID'] = 'test'
process.env['AWS_SECRET_ACCESS_KEY'] = 'test'

const SQLITE = { name: 'sqlite', fresh: freshSqlite }
const HOURS_7 = 7 * 3_600_000

let server: TestServer
const start = async (changes: ServerChanges = {}) => {
  const settings = { CONSUMERS: 'on', LAKE_BATCH_SEC: '3600', ...changes.settings }
  server = await startServer(SQLITE, { ...changes, settings })
}
const folder = () => join(server.dataDir, 'lake')
const send = async (country: string) => {
  const now = new Date().toISOString()
  const event = {
    event_id: randomUUID(),
    event_type: 'init',
    occurred_at: now,
    player_id: 'ana',
    country,
    platform: 'ios',
  }
  const answer = await server.send('/v1/events', {
    token: server.keys.ingest,
    body: { events: [event] },
  })
  expect(answer.status).toBe(200)
}
/** Beside the server, on its data. */
const command = (...words: string[]) =>
  questline(words, {
    folder: server.dataDir,
    settings: { DATA_DIR: server.dataDir, DATABASE_URL: server.databaseUrl },
  })

/** So many hundredths of a second of CPU are more than opening the lake takes. */
const TICKS = 100

/** Waits until a command has loaded DuckDB and has computed for a while since: then it is at its query. */
async function isComputing({ pid }: ChildProcess): Promise<void> {
  if (process.platform !== 'linux') return void (await sleep(2_500))
  const read = (file: string): string => readFileSync(`/proc/${pid}/${file}`, 'utf8')
  const ticks = (): number => {
    const fields = read('stat').split(') ')[1]?.split(' ') ?? []
    return Number(fields[11]) + Number(fields[12])
  }
  while (!read('maps').includes('duckdb')) await sleep(20)
  const loaded = ticks()
  while (ticks() - loaded < TICKS) await sleep(20)
}

describe('a server with a lake', () => {
  beforeEach(() => start())
  afterEach(() => server.stop())

  it('has what killed commands left behind removed by the next one, and nothing that may be in use', async () => {
    const beside = dirname(fileOf(server.databaseUrl))
    const made = async (name: string, hoursAgo: number) => {
      const path = join(beside, name)
      await mkdir(path)
      await writeFile(join(path, 'spilled'), 'events')
      const at = new Date(Date.now() - hoursAgo * 3_600_000)
      await utimes(path, at, at)
    }
    await made('.reading-lake-killed', 25)
    await made('.reading-lake-busy', 23)
    await made('reading-lake-of-mine', 25)
    expect(await command('lake', 'stats')).toMatchObject({ exit: 0, errors: '' })
    const left = (await readdir(beside)).filter((name) => name.includes('reading-lake'))
    expect(left.sort()).toEqual(['.reading-lake-busy', 'reading-lake-of-mine'])
  })

  it('writes what a command asks for, though its batch is far from over', async () => {
    await send('pt')
    const asked = await command('reports', 'daily-users', '--json')
    expect(asked.errors).toBe('')
    const date = new Date().toISOString().slice(0, 10)
    expect(JSON.parse(asked.output).at(-1)).toEqual({
      ...{ date, country: '(ALL)', country_code: '(ALL)', platform: '(ALL)', distinct_users: 1 },
    })
    const verified = await command('lake', 'verify')
    expect(verified.output).toMatch(/^lake clean: /)
    const table = await command('reports', 'daily-users', '--date', date)
    expect(table.output).toContain(`|${date}|PT     |IOS     |1             |`)
    const csv = await command('reports', 'daily-users', '--csv')
    expect(csv.output.split('\n').slice(0, 2)).toEqual([
      'date,country,country_code,platform,distinct_users',
      `${date},Portugal,PT,IOS,1`,
    ])
  })

  it('flushes the lake when it stops', async () => {
    await send('pt')
    while ((await server.send('/v1/kpi/days', { token: server.keys.operator })).text.length < 60)
      await sleep(50)
    expect(readManifest(folder()).upto).toBe(0)
    await server.halt()
    expect(readManifest(folder()).upto).toBeGreaterThan(0)
    const files = readFileSync(join(folder(), 'manifest.json'), 'utf8')
    expect(files).toContain('events-enriched')
  })

  it('is asked in SQL that reads the lake and nothing else', async () => {
    await send('pt')
    const answered = await command(
      'lake',
      'query',
      '--json',
      'SELECT event_type, country FROM events_enriched',
    )
    expect(JSON.parse(answered.output)).toEqual([{ event_type: 'init', country: 'Portugal' }])
    for (const [sql, why] of [
      ["COPY events_raw TO '/tmp/stolen.csv'", 'Permission Error'],
      ["SELECT * FROM read_text('/etc/hostname')", 'Permission Error'],
      ['CREATE TABLE a AS FROM events_raw', 'read only'],
      ['SELECT 1; SELECT 2', 'one statement'],
      ['SELECT nothing FROM events_raw', 'Binder Error'],
    ] as const) {
      const refused = await command('lake', 'query', sql)
      expect({ exit: refused.exit, errors: refused.errors }).toEqual({
        exit: 1,
        errors: expect.stringContaining(why),
      })
    }
    const few = await command('lake', 'query', '--limit', '2', 'FROM range(5)')
    expect(few.output.split('\n')).toHaveLength(7)
    expect(few.errors).toContain('only the first 2 rows')
  })

  it('has its files merged by a command, which waits for whoever is writing', async () => {
    for (const country of ['pt', 'de', 'us']) {
      await send(country)
      expect((await command('lake', 'stats')).errors).toBe('')
    }
    const leases = createLeases(join(dirname(fileOf(server.databaseUrl)), 'analytics.db'))
    const lease = leases('lake')
    expect(await lease.take()).toBe(true)
    const merging = command('lake', 'compact', '--json')
    await sleep(2_500)
    await lease.release()
    const { exit, output, errors } = await merging
    expect({ exit, errors }).toEqual({ exit: 0, errors: '' })
    expect(JSON.parse(output).merged).toHaveLength(2)
    expect((await command('lake', 'verify')).output).toMatch(/^lake clean: /)
    expect((await command('lake', 'compact')).output).toBe('there is nothing to merge\n')
  })

  it('stops a query at Ctrl-C', async () => {
    const endless = 'SELECT count(*) FROM range(1000000000000) WHERE hash(range) = 1'
    const child = spawnQuestline(['lake', 'query', endless], {
      folder: server.dataDir,
      settings: { DATA_DIR: server.dataDir, DATABASE_URL: server.databaseUrl },
    })
    const ended = once(child, 'exit')
    const said = text(child.stderr ?? Readable.from([]))
    await isComputing(child)
    child.kill('SIGINT')
    expect(await ended).toEqual([1, null])
    expect(await said).toBe('questline: interrupted\n')
  })
})

describe('a server that forwards', () => {
  it('sends on what it accepts, and an old backlog is an alarm', async () => {
    const firehose = await startFakeFirehose()
    firehose.fates.push('taken', ...Array.from({ length: 500 }, () => 'no-such-stream' as const))
    // Its own clock is seven hours ahead of when the event that waits was received.
    let aheadMs = 0
    await start({
      settings: {
        FIREHOSE_STREAM_NAME: 's',
        AWS_REGION: 'eu-central-1',
        FIREHOSE_ENDPOINT: firehose.url,
      },
      world: { clock: { ...systemClock, now: () => Date.now() + aheadMs } },
    })
    try {
      const alarms = async () => JSON.parse((await server.send('/health')).text).alarms
      await send('pt')
      while (firehose.taken.length === 0) await sleep(50)
      expect(JSON.parse(firehose.taken[0] ?? '')).toMatchObject({
        event_type: 'init',
        player_id: 'ana',
      })
      aheadMs = 0
      await send('de')
      while (firehose.requests.length < 3) await sleep(50)
      expect(await alarms()).toBeUndefined()
      aheadMs = HOURS_7
      expect(await alarms()).toEqual(['events have waited for 7 hours to be forwarded'])
      const metrics = await server.send('/metrics')
      expect(metrics.text).toMatch(/questline_forward_backlog_alarm 1/)
    } finally {
      await server.stop()
      await firehose.close()
    }
  })
})
