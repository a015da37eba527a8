// One game, two columns: through the API nodes, PostgreSQL, relay, Kafka, quality and Flink, all of which
// are killed one after the other while it is played, and through one undisturbed process on SQLite.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connectKafka, topicNames } from '../../packages/server/src/kafka/kafka.ts'
import { newestOffset, readLog } from '../../packages/server/src/log/log.ts'
import type { EnrichedEvent } from '../../packages/server/src/quality/quality.ts'
import type { Read } from '../../packages/server/src/store/store.ts'
import type { Engines } from '../../scripts/scale/engines.ts'
import { openTestStore } from '../open-store.ts'
import { plainSql } from '../plain-sql.ts'
import { cluster, SCALE_DIR, WHY_SKIPPED } from './cluster.ts'
import { type Column, createColumn, DAILY_KEYS, DOOR_KEYS, FACT_KEYS } from './columns.ts'
import { differences, type Row } from './compare-rows.ts'
import { type EmbeddedColumn, enrichedOf, type Receipt, startEmbedded } from './embedded-column.ts'
import { embeddedRows } from './embedded-windows.ts'
import { LAKE_TABLES } from './lake-tables.ts'
import { REGULARS, type RecordedGame, recordGame } from './recorded-game.ts'
import { valuesOf } from './topic-values.ts'

const APP = 'conformance'
const KEY = 'a-key-of-the-conformance-that-is-long-enough'
const GRACE_MS = 20_000
/** With it the SQL is another. */
const OTHER_GRACE_MS = 21_000
const MINUTE_MS = 60_000
/** Of a step, and of a look: many times what they take, since Flink plans for long where others work. */
const STEP_MS = 400_000
const LOOK_MS = 200_000
/** How long each fault lasts, and the game goes on after it. */
const FAULT_MS = 2_000
const FAULTS = [
  ...(['api-1', 'relay', 'quality', 'lake', 'taskmanager', 'kafka', 'postgres'] as const),
]

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
  let ours: Column
  let embedded: EmbeddedColumn
  let enriched: readonly EnrichedEvent[] = []
  /** Minutes from then on were counted with the other grace. */
  let otherSince = Number.POSITIVE_INFINITY
  const isLate = (event: EnrichedEvent): boolean =>
    isAfter(event, minuteOf(event) >= otherSince ? OTHER_GRACE_MS : GRACE_MS)
  const settings = (more: Record<string, string> = {}) => ({
    ...{ ...doors, DATABASE_URL: url, ANALYTICS_URL: url, KAFKA_TOPIC_PREFIX: prefix },
    ...{ DATA_DIR: folder, KAFKA_HEARTBEAT_SEC: '1', FLINK_CHECKPOINT_SEC: '2' },
    ...{ LAKE_BATCH_SEC: '3', ...more },
  })

  const questline = async (on: Engines, ...words: readonly string[]) => {
    const { code, output, errors } = await on.questline(words)
    if (code !== 0) throw new Error(`${words.join(' ')}: ${code} ${errors}${output}`)
    return output
  }
  /** What a topic holds, each event's part once. */
  const onTopic = async (name: 'events-rejected' | 'events-late'): Promise<readonly Row[]> => {
    const kafka = await connectKafka({
      ...{ brokers: engines.addresses.KAFKA_BROKERS.split(','), tls: null, sasl: null },
      clientId: 'conformance',
    })
    const values = await valuesOf(kafka, topicNames(prefix)[name])
    await kafka.close()
    const part = ({ event_id, part }: Row): string => `${event_id} ${part}`
    return [...new Map(values.map((value) => [part(value), value])).values()]
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'questline-conformance-'))
    const { DATABASE_URL } = (await cluster()).addresses
    await plainSql(DATABASE_URL, `CREATE DATABASE ${database}`)
    const of = new URL(DATABASE_URL)
    of.pathname = database
    url = of.href
    engines = await cluster(settings())
    await engines.startNodes()
    ours = createColumn({
      ...{ books: url, analytics: url, schema: 'analytics.' },
      ask: async (words) => JSON.parse(await questline(engines, ...words, '--json')),
    })
    const introduced = async () => {
      const sql = 'SELECT count(*) AS n FROM analytics.player_inits'
      for (const end = Date.now() + LOOK_MS; Date.now() < end; await sleep(250)) {
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
  }, STEP_MS)

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
  }, STEP_MS)

  for (const name of FAULTS) {
    it(
      `is played on while ${name} is killed and comes back`,
      async () => {
        await engines.kill(name)
        await sleep(FAULT_MS)
        await engines.start(name)
        await sleep(FAULT_MS)
        await supervise(engines)
      },
      STEP_MS,
    )
  }

  it(
    'is played on while jobmanager is killed, and the job resumes from a checkpoint',
    async () => {
      await engines.kill('jobmanager')
      await sleep(FAULT_MS)
      await engines.start('jobmanager')
      await supervise(engines)
      const resumed = JSON.parse(await questline(engines, 'flink', 'resume', '--json'))
      expect(resumed.restored_from).toMatch(/chk-\d+$/)
    },
    STEP_MS,
  )

  it(
    'is played on while the job is stopped, and goes on with other SQL',
    async () => {
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
    },
    STEP_MS,
  )

  it('has got the answers that it must get, whatever was killed', () => {
    expect(game.result.faults).toEqual([])
  })

  it(
    'has the same log: what was acknowledged is there, and nothing twice',
    async () => {
      const books = openTestStore(url)
      const log = await logOf(books.read)
      await books.close()
      const acknowledged = game.sent.flatMap(({ verdicts }) =>
        (verdicts ?? []).flatMap(({ event_id, status }) =>
          status === 'accepted' ? [String(event_id).toLowerCase()] : [],
        ),
      )
      const receipts = new Map(
        log.map(({ id, offset, receivedAt }) => [id, { offset, receivedAt }]),
      )
      expect(acknowledged.filter((id) => !receipts.has(id))).toEqual([])
      expect(receipts.size).toBe(log.length)

      embedded = await startEmbedded(doors)
      await embedded.send(game.sent, receipts satisfies ReadonlyMap<string, Receipt>)
      const { read } = embedded.server.books.store
      const theirs = await logOf(read)
      expect(theirs.map(({ line }) => line).sort()).toEqual(log.map(({ line }) => line).sort())
      await untilCounted(embedded.analytics, await newestOffset(read))
      enriched = await enrichedOf(read)
      expect(enriched.filter(isLate).length).toBeGreaterThan(10)
    },
    STEP_MS,
  )

  it('was refused the same at the door', async () => {
    const refused = await embedded.column.refusedAtDoor()
    expect(refused.length).toBeGreaterThan(20)
    expect(differences(await ours.refusedAtDoor(), refused, DOOR_KEYS)).toEqual([])
  })

  it('was refused the same by quality', async () => {
    const names = ['app', 'event_id', 'event_type', 'player_id', 'reason', 'path', 'stage']
    const refused = await plainSql(
      embedded.analytics,
      `SELECT ${names.join(', ')} FROM rejected_events`,
    )
    expect(refused.length).toBeGreaterThan(0)
    const told = (await onTopic('events-rejected')).map((value) => pick(value, names))
    expect(differences(told, refused, ['event_id'])).toEqual([])
  })

  it(
    'has the minutes of whatever did not come late',
    async () => {
      const inTime = await embeddedRows(enriched.filter((event) => !isLate(event)))
      const expected = inTime.filter(({ grain }) => grain === 'minute')
      expect(expected.length).toBeGreaterThan(100)
      await untilSame(ours.facts, expected, FACT_KEYS)
    },
    STEP_MS,
  )

  it(
    'has put what came late into a topic of its own',
    async () => {
      const expected = enriched.filter(isLate).flatMap(partsOf)
      // Before the upgrade the grace was shorter for minutes that were counted with the longer one.
      const spare = enriched.filter((event) => !isLate(event) && isAfter(event, GRACE_MS))
      const isSpare = new Set(spare.map(({ event_id }) => event_id))
      await untilSame(
        async () =>
          (await onTopic('events-late'))
            .filter(({ event_id }) => !isSpare.has(String(event_id)))
            .map((value) => pick(value, PART_KEYS)),
        expected,
        PART_KEYS,
      )
    },
    STEP_MS,
  )

  it(
    'has the same minutes, hours and days once they are restated',
    async () => {
      const days = enriched.map((event) => new Date(event.corrected_at).toISOString().slice(0, 10))
      const [from = '', to = ''] = [days.toSorted()[0], days.toSorted().at(-1)]
      const expected = await embedded.column.facts()
      expect(differences(await ours.facts(), expected, FACT_KEYS)).not.toEqual([])
      await questline(engines, 'flink', 'restate', '--from', from, '--to', to)
      expect(differences(await ours.facts(), expected, FACT_KEYS)).toEqual([])
    },
    STEP_MS,
  )

  it(
    'has the same lake, also merged',
    async () => {
      await embedded.server.halt()
      const { rows } = await embedded.column.verified()
      expect(rows).toBeGreaterThan(2 * enriched.length)
      for (const command of ['verify', 'compact'] as const) {
        // Beside the process that writes it.
        await questline(engines, 'lake', command)
        for (const table of LAKE_TABLES) {
          const expected = await embedded.column.lake(table)
          expect(expected.length, table.name).toBeGreaterThan(0)
          const found = differences(await ours.lake(table), expected, table.keys)
          expect(found, `${table.name} after ${command}`).toEqual([])
        }
      }
      expect(await ours.verified()).toMatchObject({ faults: [] })
    },
    STEP_MS,
  )

  it(
    'has the same daily users, by Flink and over the lake',
    async () => {
      const expected = await embedded.column.dailyUsers()
      expect(expected.length).toBeGreaterThan(10)
      expect(differences(await ours.dailyUsers(), expected, DAILY_KEYS)).toEqual([])
      await questline(engines, 'flink', 'daily-users')
      const byFlink = await plainSql(
        url,
        `SELECT ${DAILY_KEYS.join(', ')}, distinct_users FROM analytics.daily_users`,
      )
      expect(differences(byFlink, expected, DAILY_KEYS)).toEqual([])
    },
    STEP_MS,
  )
}

const minuteOf = ({ corrected_at }: EnrichedEvent): number =>
  Math.floor(corrected_at / MINUTE_MS) * MINUTE_MS

/** Received so long after the end of its minute, or later. */
const isAfter = (event: EnrichedEvent, graceMs: number): boolean =>
  event.received_at >= minuteOf(event) + MINUTE_MS + graceMs

const PART_KEYS = ['event_id', 'part']

/** On Kafka an event is a record for each player whom it makes active, one at least. */
const partsOf = ({ event_id, players }: EnrichedEvent): readonly Row[] =>
  Array.from({ length: Math.max(1, players.length) }, (_, part) => ({ event_id, part }))

const pick = (row: Row, names: readonly string[]): Row =>
  Object.fromEntries(names.map((name) => [name, row[name]]))

/** Looks until there is no difference; the last one is the failure. */
async function untilSame(
  read: () => Promise<readonly Row[]>,
  expected: readonly Row[],
  keys: readonly string[],
): Promise<void> {
  for (const end = Date.now() + LOOK_MS; Date.now() < end; await sleep(1_000)) {
    if (differences(await read(), expected, keys).length === 0) return
  }
  expect(differences(await read(), expected, keys)).toEqual([])
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
  for (const end = Date.now() + LOOK_MS; Date.now() < end; await sleep(250)) {
    const [row] = await plainSql(analytics, sql)
    if (Number(row?.['at']) >= head) return
  }
  throw new Error('the embedded engine has not counted all')
}

/** Until the job runs again and says how far it is, without which nothing can go on with other SQL. */
async function untilWritten(engines: Engines): Promise<void> {
  for (const end = Date.now() + LOOK_MS; Date.now() < end; await sleep(1_000)) {
    const { code, output } = await engines.questline(['flink', 'status', '--json'])
    if (code === 0 && JSON.parse(output).written_until !== null) return
  }
  throw new Error('the job does not say how far it is')
}

/**
 * What whoever runs a TaskManager does: starts it again. Flink's JDBC sink takes the whole of it down when
 * PostgreSQL goes away while it writes ("exception in exception handler of task").
 */
const supervise = (engines: Engines): Promise<void> => engines.start('taskmanager')
