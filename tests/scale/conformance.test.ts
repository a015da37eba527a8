// One game, two columns: through the API nodes, PostgreSQL, relay, Kafka, quality and Flink, all of which
// are killed one after the other while it is played, and through one undisturbed process on SQLite.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { analyticsFile } from '../../packages/server/src/analytics/analytics.ts'
import { connectKafka, topicNames } from '../../packages/server/src/kafka/kafka.ts'
import { newestOffset, readLog } from '../../packages/server/src/log/log.ts'
import type { EnrichedEvent } from '../../packages/server/src/quality/quality.ts'
import type { Read } from '../../packages/server/src/store/store.ts'
import type { Engines } from '../../scripts/scale/engines.ts'
import { fileOf, openTestStore } from '../open-store.ts'
import { plainSql } from '../plain-sql.ts'
import { dailyUsersReport } from '../simulation/lake-figures.ts'
import { cluster, SCALE_DIR, WHY_SKIPPED } from './cluster.ts'
import { type EmbeddedColumn, enrichedOf, type Receipt, startEmbedded } from './embedded-column.ts'
import { embeddedFacts } from './embedded-windows.ts'
import { REGULARS, type RecordedGame, recordGame } from './recorded-game.ts'
import { valuesOf } from './topic-values.ts'

const APP = 'conformance'
const KEY = 'a-key-of-the-conformance-that-is-long-enough'
const GRACE_MS = 20_000
/** With it the SQL is another. */
const OTHER_GRACE_MS = 21_000
const MINUTE_MS = 60_000
/** How long each fault lasts, and the game goes on after it. */
const FAULT_MS = 2_000

if (SCALE_DIR === null) {
  describe('one game in two columns', () => {
    it.skip(WHY_SKIPPED, () => undefined)
  })
} else {
  describe('one game in two columns', () => conformance())
}

function conformance() {
  const database = `conformance_${process.pid}`
  const prefix = `conformance-${process.pid}-`
  const doors = { EVENT_API_KEY: KEY, EVENT_API_APP: APP, RATE_LIMIT: 'off', LOG_LEVEL: 'warn' }
  const ending = new AbortController()
  let folder = ''
  let url = ''
  let engines: Engines
  let playing: Promise<RecordedGame>
  let game: RecordedGame
  let embedded: EmbeddedColumn
  let enriched: readonly EnrichedEvent[] = []
  /** Minutes from then on were counted with the other grace. */
  let otherSince = Number.POSITIVE_INFINITY
  const isLate = ({ received_at, corrected_at }: EnrichedEvent): boolean => {
    const minute = Math.floor(corrected_at / MINUTE_MS) * MINUTE_MS
    return received_at >= minute + MINUTE_MS + (minute >= otherSince ? OTHER_GRACE_MS : GRACE_MS)
  }
  const settings = (more: Record<string, string> = {}) => ({
    ...{ ...doors, DATABASE_URL: url, ANALYTICS_URL: url, KAFKA_TOPIC_PREFIX: prefix },
    ...{ DATA_DIR: folder, KAFKA_HEARTBEAT_SEC: '1', FLINK_CHECKPOINT_SEC: '2', ...more },
  })

  const questline = async (on: Engines, ...words: readonly string[]) => {
    const { code, output, errors } = await on.questline(words)
    if (code !== 0) throw new Error(`${words.join(' ')}: ${code} ${errors}${output}`)
    return output
  }
  /** Rows of the cluster's tables as lines, sorted. */
  const lines = async (of: string, sql: string): Promise<readonly string[]> =>
    (await plainSql(of, sql)).map((row) => Object.values(row).join(' · ')).sort()
  const facts = (of: string, schema = '') =>
    lines(
      of,
      `SELECT grain, start, app, country_code, platform, metric, label, CAST(value AS TEXT) AS value FROM ${schema}window_facts`,
    )
  const sqliteAnalytics = () =>
    `sqlite:///${analyticsFile({ kind: 'sqlite', file: fileOf(embedded.server.databaseUrl) }, embedded.server.dataDir)}`

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'questline-conformance-'))
    const { DATABASE_URL } = (await cluster()).addresses
    await plainSql(DATABASE_URL, `CREATE DATABASE ${database}`)
    const of = new URL(DATABASE_URL)
    of.pathname = database
    url = of.href
    engines = await cluster(settings())
    await engines.startNodes()
    const introduced = async () => {
      const sql = 'SELECT count(*) AS n FROM analytics.player_inits'
      for (const end = Date.now() + 60_000; Date.now() < end; await sleep(250)) {
        const [row] = await plainSql(url, sql)
        if (Number(row?.['n']) >= REGULARS) return
      }
      throw new Error('the regulars are not introduced')
    }
    playing = recordGame({
      ...{ urls: engines.urls, key: KEY, app: APP, seed: 'columns', introduced },
      signal: ending.signal,
    })
    // Whoever waits for it is told; a rejection before that is none of the process.
    playing.catch(() => undefined)
    await sleep(5_000)
  }, 240_000)

  afterAll(async () => {
    ending.abort()
    await playing?.catch(() => undefined)
    await embedded?.server.stop()
    await engines?.questline(['flink', 'stop'])
    await engines?.stopNodes()
    if (engines) {
      await plainSql(
        engines.addresses.DATABASE_URL,
        `DROP DATABASE IF EXISTS ${database} WITH (FORCE)`,
      )
    }
    await rm(folder, { recursive: true, force: true })
  }, 120_000)

  for (const name of ['api-1', 'relay', 'quality', 'taskmanager', 'kafka', 'postgres'] as const) {
    it(`is played on while ${name} is killed and comes back`, async () => {
      await engines.kill(name)
      await sleep(FAULT_MS)
      await engines.start(name)
      await sleep(FAULT_MS)
    }, 120_000)
  }

  it('is played on while jobmanager is killed, and the job resumes from a checkpoint', async () => {
    await engines.kill('jobmanager')
    await sleep(FAULT_MS)
    await engines.start('jobmanager')
    const resumed = JSON.parse(await questline(engines, 'flink', 'resume', '--json'))
    expect(resumed.restored_from).toMatch(/chk-\d+$/)
  }, 120_000)

  it('is played on while the job is stopped, and goes on with other SQL', async () => {
    await untilWritten(engines)
    const stopped = JSON.parse(await questline(engines, 'flink', 'stop', '--json'))
    expect(stopped.savepoint).toMatch(/savepoint-/)
    engines = await cluster(settings({ FLINK_GRACE_SEC: String(OTHER_GRACE_MS / 1_000) }))
    const refused = await engines.questline(['flink', 'resume'])
    expect(refused.errors).toContain('--upgrade')
    const begun = JSON.parse(await questline(engines, 'flink', 'resume', '--upgrade', '--json'))
    expect(begun).toMatchObject({ restored_from: null, since: expect.any(Number) })
    otherSince = begun.since
    ending.abort()
    game = await playing
    expect(game.result.played).toBeGreaterThan(1_000)
  }, 180_000)

  it('has got the answers that it must get, whatever was killed', () => {
    expect(game.result.faults).toEqual([])
  })

  it('has the same log: what was acknowledged is there, and nothing twice', async () => {
    const books = openTestStore(url)
    const log = await logOf(books.read)
    await books.close()
    const acknowledged = game.sent.flatMap(({ verdicts }) =>
      (verdicts ?? []).flatMap(({ event_id, status }) =>
        status === 'accepted' ? [String(event_id).toLowerCase()] : [],
      ),
    )
    const receipts = new Map(log.map(({ id, offset, receivedAt }) => [id, { offset, receivedAt }]))
    expect(acknowledged.filter((id) => !receipts.has(id))).toEqual([])
    expect(receipts.size).toBe(log.length)

    embedded = await startEmbedded(doors)
    await embedded.send(game.sent, receipts satisfies ReadonlyMap<string, Receipt>)
    const { read } = embedded.server.books.store
    const theirs = await logOf(read)
    expect(theirs.map(({ line }) => line).sort()).toEqual(log.map(({ line }) => line).sort())
    await untilCounted(sqliteAnalytics(), await newestOffset(read))
    enriched = await enrichedOf(read)
    expect(enriched.filter(isLate).length).toBeGreaterThan(10)
  }, 180_000)

  it('was refused the same at the door', async () => {
    const sql =
      'SELECT DISTINCT app, event_id, event_type, reason, path, source FROM refused_events'
    const refused = await lines(embedded.server.databaseUrl, sql)
    expect(refused.length).toBeGreaterThan(20)
    expect(await lines(url, sql)).toEqual(refused)
  })

  it('was refused the same by quality', async () => {
    const sql = 'SELECT app, event_id, event_type, player_id, reason, path, stage FROM'
    const refused = await lines(sqliteAnalytics(), `${sql} rejected_events`)
    expect(refused.length).toBeGreaterThan(0)
    const kafka = await connectKafka({
      ...{ brokers: engines.addresses.KAFKA_BROKERS.split(','), tls: null, sasl: null },
      clientId: 'conformance',
    })
    const values = await valuesOf(kafka, topicNames(prefix)['events-rejected'])
    await kafka.close()
    const onTopic = values.map(({ app, event_id, event_type, player_id, reason, path, stage }) =>
      [app, event_id, event_type, player_id, reason, path, stage].join(' · '),
    )
    expect([...new Set(onTopic)].sort()).toEqual(refused)
  })

  it('has the minutes of whatever did not come late', async () => {
    const expected = (await embeddedFacts(enriched.filter((event) => !isLate(event)))).filter(
      (line) => line.startsWith('minute'),
    )
    expect(expected.length).toBeGreaterThan(100)
    for (const end = Date.now() + 150_000; Date.now() < end; await sleep(1_000)) {
      if ((await facts(url, 'analytics.')).join('\n') === expected.join('\n')) break
    }
    expect(await facts(url, 'analytics.')).toEqual(expected)
  }, 180_000)

  it('has the same minutes, hours and days once they are restated', async () => {
    const days = enriched.map((event) => new Date(event.corrected_at).toISOString().slice(0, 10))
    const [from = '', to = ''] = [days.toSorted()[0], days.toSorted().at(-1)]
    const expected = await facts(sqliteAnalytics())
    expect(await facts(url, 'analytics.')).not.toEqual(expected)
    await questline(engines, 'flink', 'restate', '--from', from, '--to', to)
    expect(await facts(url, 'analytics.')).toEqual(expected)
  }, 120_000)

  it('has the same daily users', async () => {
    await questline(engines, 'flink', 'daily-users')
    const { dataDir, databaseUrl } = embedded.server
    await embedded.server.halt()
    const report = await dailyUsersReport(APP, {
      folder: dataDir,
      settings: { DATA_DIR: dataDir, DATABASE_URL: databaseUrl },
    })
    const expected = report.map((row) =>
      [row.date, row.country_code, row.platform, row.distinct_users].join(' · '),
    )
    expect(expected.length).toBeGreaterThan(10)
    const sql = 'SELECT date, country_code, platform, distinct_users FROM analytics.daily_users'
    expect(await lines(url, sql)).toEqual(expected.sort())
  }, 120_000)
}

async function logOf(read: Read) {
  const found: { id: string; offset: number; receivedAt: number; line: string }[] = []
  for await (const { records } of readLog(read, 0, { events: 5_000 })) {
    for (const { offset, eventId, receivedAt, ...fields } of records) {
      if (eventId === null) continue
      const line = JSON.stringify([eventId, receivedAt, fields])
      found.push({ id: eventId, offset, receivedAt, line })
    }
  }
  return found
}

async function untilCounted(analytics: string, head: number): Promise<void> {
  const sql = 'SELECT min(log_offset) AS at FROM checkpoints'
  for (const end = Date.now() + 60_000; Date.now() < end; await sleep(250)) {
    const [row] = await plainSql(analytics, sql)
    if (Number(row?.['at']) >= head) return
  }
  throw new Error('the embedded engine has not counted all')
}

/** Until the job runs again and says how far it is, without which nothing can go on with other SQL. */
async function untilWritten(engines: Engines): Promise<void> {
  for (const end = Date.now() + 90_000; Date.now() < end; await sleep(1_000)) {
    const { code, output } = await engines.questline(['flink', 'status', '--json'])
    if (code === 0 && JSON.parse(output).written_until !== null) return
  }
  throw new Error('the job does not say how far it is')
}
