import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openAnalytics } from '../../packages/server/src/analytics/analytics.ts'
import { connectKafka, type Kafka, topicNames } from '../../packages/server/src/kafka/kafka.ts'
import { systemRandom } from '../../packages/server/src/platform/platform.ts'
import { countryOf } from '../../packages/server/src/quality/quality.ts'
import type { Store } from '../../packages/server/src/store/store.ts'
import { operatorsOf } from '../../packages/server/src/windows/flink/flink.ts'
import { behind, changesSince, newestChange } from '../../packages/server/src/windows/windows.ts'
import type { Engines } from '../../scripts/scale/engines.ts'
import { ROOT } from '../questline.ts'
import type { Run } from '../run-node.ts'
import { cluster, SCALE_DIR, WHY_SKIPPED } from './cluster.ts'
import { embeddedFacts, factLines } from './embedded-windows.ts'
import { type Arrival, enrichedGame, isLate, PARTITIONS } from './enriched-game.ts'
import { runNodeWith } from './run-node-with.ts'
import { valuesOf } from './topic-values.ts'

const EVENTS = 6_000
const BEAT_EVERY = 60
const game = enrichedGame(EVENTS)
/** Long after all that happens. */
const lastBeat = Number(game.arrivals.at(-1)?.at) + 600_000
/** After each of them something is killed or stopped. */
const PHASES = 6

/** Offsets whose first part is late count nowhere at once: all parts of an event have the same times. */
const lateIds = new Set(
  game.arrivals.filter(({ record }) => isLate(record)).map(({ record }) => record.event_id),
)
/** Late ones count nowhere at once, and yet their types have taken names. */
const labels = new Map(game.arrivals.map(({ record }) => [record.event_id, record.label]))
const inTime = game.events
  .filter(({ event_id }) => !lateIds.has(event_id ?? ''))
  .map((event) => ({ ...event, event_type: labels.get(event.event_id ?? '') ?? event.event_type }))

if (SCALE_DIR === null) {
  describe('the minutes on Flink', () => {
    it.skip(WHY_SKIPPED, () => undefined)
  })
} else {
  describe('the minutes on Flink', () => minutesOnFlink())
}

function minutesOnFlink() {
  const prefix = `flink-${process.pid}-`
  const topics = topicNames(prefix)
  const database = `flink_${process.pid}`
  let folder = ''
  let engines: Engines
  let kafka: Kafka
  let store: Store
  let settings: Record<string, string> = {}
  let fed = 0

  /** `questline flink …`, whose answer is one JSON document. */
  const flink = async (...words: readonly string[]) => {
    const run: Run = await runNodeWith(
      [join(ROOT, 'packages/server/src/cli.ts'), 'flink', ...words, '--json'],
      settings,
    )
    if (run.exit !== 0)
      throw new Error(`flink ${words.join(' ')}: ${run.exit} ${run.errors}${run.output}`)
    return JSON.parse(run.output)
  }

  const recordOf = ({ partition, record }: Arrival) => ({
    topic: topics['events-enriched'],
    ...{ partition, key: `${record.app}\n${record.user_id ?? record.event_id}` },
    ...{ value: JSON.stringify(record), timestamp: record.received_ms },
  })
  const beat = async (timeMs: number) => {
    const value = JSON.stringify({ event_type: 'heartbeat', time_ms: timeMs })
    await kafka.produce(
      Array.from({ length: PARTITIONS }, (_, partition) => ({
        ...{ topic: topics['events-enriched'], partition, key: '', value, timestamp: timeMs },
      })),
    )
  }
  /** Brings the game on, in the order of arrival, with heartbeats that keep what they say. */
  const feed = async (until: number) => {
    for (; fed < until; fed += BEAT_EVERY) {
      const next = game.arrivals.slice(fed, fed + BEAT_EVERY)
      await kafka.produce(next.map(recordOf))
      await beat(game.beatAfter(fed + next.length - 1))
    }
  }
  const feedPhase = (number: number) => feed(Math.floor((game.arrivals.length * number) / PHASES))

  const minutes = () => factLines(store.read, 'analytics.window_facts')
  /** Looks until the rows are as expected; the last difference is the failure. */
  const until = async (expected: readonly string[], read: () => Promise<readonly string[]>) => {
    for (const end = Date.now() + 60_000; Date.now() < end; await sleep(500)) {
      if ((await read()).join('\n') === expected.join('\n')) return
    }
    expect(await read()).toEqual(expected)
  }
  const checkpointAfter = async (previous: string | null) => {
    for (const end = Date.now() + 60_000; Date.now() < end; await sleep(500)) {
      const { checkpoint } = await flink('status')
      if (checkpoint !== null && checkpoint !== previous) return checkpoint
    }
    throw new Error('no checkpoint was completed')
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'questline-flink-'))
    engines = await cluster()
    const { DATABASE_URL, ...addresses } = engines.addresses
    await execute(DATABASE_URL, `CREATE DATABASE ${database}`)
    const url = new URL(DATABASE_URL)
    url.pathname = database
    settings = {
      ...addresses,
      ...{ ANALYTICS_URL: url.href, KAFKA_TOPIC_PREFIX: prefix, DATA_DIR: folder },
      ...{ FLINK_CHECKPOINT_SEC: '1' },
    }
    store = await openAnalytics(
      { now: Date.now, random: systemRandom() },
      { kind: 'postgres', url: url.href, connectTimeoutMs: 5_000 },
    )
    const brokers = addresses.KAFKA_BROKERS.split(',')
    kafka = await connectKafka({ brokers, tls: null, sasl: null, clientId: 'flink-test' })
    for (const topic of [topics['events-enriched'], topics['events-late']]) {
      const configs = { 'retention.ms': '-1', 'message.timestamp.type': 'CreateTime' }
      await kafka.create({ topic, partitions: PARTITIONS, replication: 1, configs })
    }
  }, 180_000)

  afterAll(async () => {
    await flink('stop').catch(() => undefined)
    await kafka?.close()
    await store?.close()
    if (engines) {
      await execute(engines.addresses.DATABASE_URL, `DROP DATABASE ${database} WITH (FORCE)`)
    }
    await rm(folder, { recursive: true, force: true })
  }, 60_000)

  it('have a plan in which nothing is kept for ever', async () => {
    const { plan } = await flink('plan')
    const operators = operatorsOf(plan)
    expect(operators).toContain('WindowAggregate')
    expect(operators.filter((name) => /Aggregate|Rank|Join|Deduplicate/.test(name))).toEqual([
      ...['WindowAggregate', 'WindowDeduplicate'],
    ])
  })

  it('are deployed once', async () => {
    await feedPhase(1)
    expect(await flink('deploy')).toMatchObject({ restored_from: null, since: null })
    expect((await flink('status')).standing).toBe('running')
    await expect(flink('deploy')).rejects.toThrow('the job runs already')
  }, 120_000)

  it('go on after a savepoint, whatever came meanwhile', async () => {
    const { savepoint } = await flink('stop')
    await expect(flink('status')).rejects.toThrow('stopped')
    // Copies of minutes that are closed are the first that the resumed job sees.
    const copies = game.arrivals.slice(0, fed).filter(({ partition }) => partition === 0)
    await kafka.produce(copies.map(recordOf))
    await feedPhase(2)
    expect(await flink('resume')).toMatchObject({ restored_from: savepoint })
    await feedPhase(3)
  }, 120_000)

  it('go on when the TaskManager is killed', async () => {
    await checkpointAfter(null)
    await engines.kill('taskmanager')
    await feedPhase(4)
    await engines.start('taskmanager')
    await untilRunning()
  }, 180_000)

  it('go on from the newest checkpoint when the JobManager is killed', async () => {
    const checkpoint = await checkpointAfter(null)
    await engines.kill('jobmanager')
    await feedPhase(5)
    await expect(flink('status')).rejects.toThrow('does not answer')
    await engines.start('jobmanager')
    await expect(flink('status')).rejects.toThrow('"lost"')
    const { restored_from } = await flink('resume')
    expect(numberOf(restored_from)).toBeGreaterThanOrEqual(numberOf(checkpoint))
  }, 180_000)

  it('are the rows of the embedded windows, without those that came late', async () => {
    await feedPhase(6)
    await beat(lastBeat)
    const expected = (await embeddedFacts(inTime)).filter((line) => line.startsWith('minute'))
    expect(expected.length).toBeGreaterThan(500)
    await until(expected, minutes)
  }, 180_000)

  it('are followed live: each is noted, and behind all that was noted before', async () => {
    const changes = await changesSince(store.read, behind(0), 1_000)
    const offsets = changes.map(({ offset }) => offset)
    const written = (await minutes()).map(startOfLine)
    expect(new Set(changes.map(({ start }) => start))).toEqual(new Set(written))
    expect(offsets).toEqual(offsets.toSorted((a, b) => a - b))
  })

  it('leave what came late in a topic of its own', async () => {
    const expected = new Set(
      game.arrivals.filter(({ record }) => isLate(record)).map(({ record }) => idOf(record)),
    )
    expect(expected.size).toBeGreaterThan(50)
    // Flink hands them to Kafka with the next checkpoint at the latest.
    await until([...expected].sort(), async () =>
      [...(await lateOf(kafka, topics['events-late']))].sort(),
    )
  }, 120_000)

  it('are counted anew from an instant on with other SQL', async () => {
    // Flink shows how far it is some seconds later; stopped before, it counts more than it must.
    const last = Number(game.arrivals.at(-1)?.at)
    await expect
      .poll(async () => (await flink('status')).written_until, { timeout: 60_000, interval: 500 })
      .toBeGreaterThan(last + 2 * 60_000)
    await flink('stop')
    settings = { ...settings, FLINK_GRACE_SEC: '21' }
    await expect(flink('resume')).rejects.toThrow('--upgrade')
    const { restored_from, since } = await flink('resume', '--upgrade')
    expect(restored_from).toBeNull()
    expect(since).toBeGreaterThan(last)
  }, 120_000)

  it('and where nobody has seen how far they were, from what Flink has told Kafka', async () => {
    await checkpointAfter(await checkpointAfter(null))
    await engines.kill('jobmanager')
    await engines.start('jobmanager')
    const file = join(folder, 'flink-minutes.json')
    const book = JSON.parse(await readFile(file, 'utf8'))
    await writeFile(file, JSON.stringify({ ...book, written_until: null }))
    settings = { ...settings, FLINK_GRACE_SEC: '22' }
    const { since } = await flink('resume', '--upgrade')
    expect(since).toBeGreaterThan(Number(game.arrivals.at(-1)?.at))
    expect(since).toBeLessThanOrEqual(lastBeat)
    await flink('stop')
  }, 180_000)

  it('are restated with late events by days', async () => {
    const before = new Set(await minutes())
    const mark = await newestChange(store.read)
    await flink('restate', '--from', '2026-03-01', '--to', '2026-03-02')
    const after = await embeddedFacts(game.events)
    await until(after, minutes)
    const changed = after.filter((line) => line.startsWith('minute') && !before.has(line))
    const changes = await changesSince(store.read, behind(mark?.offset ?? 0), 1_000)
    expect(new Set(changes.map(({ start }) => start))).toEqual(new Set(changed.map(startOfLine)))
  }, 120_000)

  it('and daily users are those of the whole topic', async () => {
    await flink('daily-users')
    const rows = await query(
      settings['ANALYTICS_URL'] ?? '',
      'SELECT date, country, country_code, platform, distinct_users::int AS users FROM analytics.daily_users',
    )
    const lines = rows.map((row) => Object.values(row).join(' · '))
    expect(lines.sort()).toEqual(dailyUsers())
  }, 120_000)

  async function untilRunning(): Promise<void> {
    for (const end = Date.now() + 90_000; Date.now() < end; await sleep(500)) {
      const status = await flink('status').catch(() => null)
      if (status?.standing === 'running') return
    }
    throw new Error('the job does not run again')
  }
}

/** Of a line of facts. */
const startOfLine = (line: string): number => Number(line.split(' · ')[1])
const numberOf = (checkpoint: string): number => Number(/chk-(\d+)$/.exec(checkpoint)?.[1])
const idOf = ({ event_id, part }: { event_id: string; part: number }) => `${event_id} ${part}`

/** Some may stand there twice. */
async function lateOf(kafka: Kafka, topic: string): Promise<ReadonlySet<string>> {
  const values = await valuesOf(kafka, topic)
  return new Set(
    values.map(({ event_id, part }) => idOf({ event_id: String(event_id), part: Number(part) })),
  )
}

/** Distinct users by day, country and platform and the roll-ups, from the events themselves. */
function dailyUsers(): string[] {
  const sets = new Map<string, Set<string>>()
  for (const { app, players, corrected_at } of game.events) {
    const day = new Date(corrected_at).toISOString().slice(0, 10)
    for (const { id, country_code, platform } of players) {
      for (const code of [country_code, '(ALL)']) {
        for (const on of [platform === '(ALL)' ? 'UNKNOWN' : platform, '(ALL)']) {
          const country = code === '(ALL)' ? code : countryOf(code).name
          const key = [day, country, code, on].join(' · ')
          sets.set(key, (sets.get(key) ?? new Set()).add(`${app}\n${id}`))
        }
      }
    }
  }
  return [...sets].map(([key, users]) => `${key} · ${users.size}`).sort()
}

async function query(url: string, sql: string): Promise<Readonly<Record<string, unknown>>[]> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}

const execute = (url: string, sql: string) => query(url, sql)
