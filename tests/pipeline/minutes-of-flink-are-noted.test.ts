// Flink writes rows and knows no follower: PostgreSQL itself notes which minutes they have changed.
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Store, shared } from '../../packages/server/src/store/store.ts'
import { behind, changesSince } from '../../packages/server/src/windows/windows.ts'
import { DATABASES, type FreshDatabase, freshPostgres } from '../database.ts'
import { startServer } from '../http/server.ts'
import { spawnQuestline } from '../questline.ts'
import { pgBouncerVersion, startPgBouncer } from '../scale/pgbouncer.ts'
import { openTestAnalytics } from './consumers.ts'
import { openStream } from './event-stream.ts'
import { NOON } from './game-log.ts'
import { type SinkOfFlink, sinkOfFlink } from './writers-of-minutes.ts'

const MINUTE = 60_000
const fact = (n: number, value: number, grain = 'minute') => ({
  ...{ start: NOON + n * MINUTE, value, grain },
})

describe('the minutes of Flink', () => {
  let place: FreshDatabase
  let analytics: Store
  const sinks: SinkOfFlink[] = []
  const aSink = async (name?: string) => {
    const sink = await sinkOfFlink(place.url, name)
    sinks.push(sink)
    return sink
  }
  beforeAll(async () => {
    place = await freshPostgres()
    analytics = await openTestAnalytics(place.url)
  })
  beforeEach(async () => {
    const sink = await aSink()
    await sink.run('TRUNCATE analytics.window_facts, analytics.window_changes')
  })
  afterAll(async () => {
    for (const sink of sinks) await sink.end()
    await analytics.close()
    await place.drop()
  })
  const changes = async (after = behind(0)) =>
    (await changesSince(analytics.read, after, 100)).map(({ start, offset }) => [
      (start - NOON) / MINUTE,
      offset,
    ])

  it('are never noted behind what a follower has seen already', async () => {
    const [one, other] = [await aSink(), await aSink()]
    await one.run('BEGIN')
    await one.write([fact(1, 1)])
    // Would be seen first, and the other one never, were it not held up.
    const second = other.write([fact(2, 1)])
    await untilOneWaits()
    expect(await changes()).toEqual([])
    await one.run('COMMIT')
    await second
    expect(await changes()).toEqual([
      [1, 1],
      [2, 2],
    ])
  })

  it('that are written again as they were are neither news nor writes', async () => {
    const sink = await aSink()
    await sink.write([fact(1, 5), fact(2, 5)])
    const seen = await changes()
    const rows = () => analytics.read(VERSIONS, [])
    const before = await rows()
    await sink.write([fact(1, 5), fact(2, 5)])
    expect([await changes(), await rows()]).toEqual([seen, before])
    await sink.write([fact(1, 5), fact(2, 6), fact(3, 1)])
    expect(await changes(behind(1))).toEqual([
      [2, 2],
      [3, 3],
    ])
  })

  it('alone are followed, and not the hours and days of a restatement', async () => {
    const sink = await aSink()
    await sink.write([fact(0, 1, 'hour'), fact(0, 1, 'day')])
    expect(await changes()).toEqual([])
  })

  it('are noted behind what another writer noted by offsets of the log', async () => {
    const sink = await aSink()
    await sink.run(`INSERT INTO analytics.window_changes VALUES (${NOON}, 1000)`)
    await sink.write([fact(1, 1)])
    expect(await changes(behind(1000))).toEqual([[1, 1001]])
  })

  it('are nobody else’s: who notes for himself is left alone', async () => {
    const other = await aSink('questline')
    await other.write([fact(1, 1)])
    await other.write([fact(1, 2)])
    expect(await changes()).toEqual([])
  })

  const pgBouncer = pgBouncerVersion()
  it.skipIf(pgBouncer === null)(
    `are known behind PgBouncer ${pgBouncer ?? '(skipped: it is not installed)'}`,
    async () => {
      const pooler = await startPgBouncer(place.url)
      const [flink, other] = [await sinkOfFlink(pooler.url), await sinkOfFlink(pooler.url, 'other')]
      // One after the other on the same connection.
      for (const n of [1, 2, 3]) {
        await flink.write([fact(n, 1)])
        await other.write([fact(n + 10, 1)])
      }
      expect((await changes()).map(([minute]) => minute)).toEqual([1, 2, 3])
      await flink.end()
      await other.end()
      await pooler.stop()
    },
  )

  async function untilOneWaits(): Promise<void> {
    for (;;) {
      const [row] = await analytics.read<{ readonly waiting: number }>(WAITING, [])
      if (row?.waiting === 1) return
      await sleep(10)
    }
  }
})

const WAITING = shared(
  'test.waiting-for-lock',
  `SELECT count(*)::int AS waiting FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
)
const VERSIONS = shared(
  'test.versions-of-rows',
  'SELECT start, xmin::text AS version FROM analytics.window_facts ORDER BY start',
)

it('the stream of a node sends what Flink writes, and goes on after the last id', async () => {
  const server = await startServer(DATABASES[1], { sharesAnalytics: true })
  const sink = await sinkOfFlink(server.databaseUrl)
  const follow = (headers = {}) =>
    openStream(`${server.url}/v1/kpi/stream?metric=revenue_usd_micros`, {
      ...{ authorization: `Bearer ${server.keys.operator}`, ...headers },
    })
  const minute = (n: number, revenue_usd_micros: number) => ({
    ...{ minute: new Date(NOON + n * MINUTE).toISOString(), revenue_usd_micros },
  })
  await sink.write([fact(0, 1)])
  const stream = await follow()
  await stream.take(1)
  await sink.write([fact(1, 2)])
  const seen = await stream.take(2)
  expect(seen.map(({ data }) => data)).toEqual([minute(0, 1), minute(1, 2)])
  stream.close()
  await sink.write([fact(0, 3)])
  await sink.write([fact(2, 4)])
  const resumed = await follow({ 'last-event-id': seen.at(-1)?.id ?? '' })
  expect((await resumed.take(2)).map(({ data }) => data)).toEqual([minute(0, 3), minute(2, 4)])
  resumed.close()
  await sink.end()
  await server.stop()
})

it('the command that follows shows what Flink writes, and asks no broker', async () => {
  const place = await freshPostgres()
  await (await openTestAnalytics(place.url)).close()
  const sink = await sinkOfFlink(place.url)
  await sink.write([fact(0, 1)])
  const folder = mkdtempSync(join(tmpdir(), 'questline-follow-'))
  const settings = {
    ...{ DATABASE_URL: place.url, ANALYTICS_URL: place.url, DATA_DIR: folder, LOG_LEVEL: 'error' },
    KAFKA_BROKERS: '127.0.0.1:1',
  }
  const range = ['--from', '2026-03-01T12:00:00Z', '--to', '2026-03-01T12:10:00Z']
  const child = spawnQuestline(['kpi', ...range, '--follow', '--every', '1', '--json'], {
    ...{ folder, settings },
  })
  let output = ''
  child.stdout?.on('data', (chunk) => {
    output += chunk
  })
  const revenues = (): number[] => {
    const line = output.split('\n').at(-2)
    const minutes: { revenue_usd_micros: number }[] = line ? JSON.parse(line).minutes : []
    return minutes.map(({ revenue_usd_micros }) => revenue_usd_micros)
  }
  await expect.poll(revenues, { timeout: 20_000 }).toEqual([1])
  await sink.write([fact(1, 2)])
  await expect.poll(revenues, { timeout: 20_000 }).toEqual([1, 2])
  child.kill('SIGINT')
  await once(child, 'exit')
  await sink.end()
  await place.drop()
  rmSync(folder, { recursive: true })
}, 60_000)
