import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { constants, getPriority } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createLeases } from '../../packages/server/src/analytics/analytics.ts'
import { type LakeSettings, readManifest, TOPICS } from '../../packages/server/src/lake/lake.ts'
import { createLakeKeeper } from '../../packages/server/src/pipeline/lake-keeper.ts'
import type { FromPipeline } from '../../packages/server/src/pipeline/messages.ts'
import { systemClock } from '../../packages/server/src/platform/platform.ts'
import { listRejected, sweepRejected } from '../../packages/server/src/quality/quality.ts'
import { fileOf } from '../open-store.ts'
import { lakeSettings, openTestLake, type TestLake } from './open-test-lake.ts'

const SCRIPT = join(import.meta.dirname, '../../packages/server/src/pipeline/lake-process.ts')
const DAY = 86_400_000
const ON_LINUX = process.platform === 'linux'

let lake: TestLake
beforeEach(async () => {
  lake = await openTestLake()
})
afterEach(() => lake.close())

const orderFor = ({ log, analyticsFile: file, folder }: TestLake) => ({
  database: { kind: 'sqlite' as const, file: fileOf(log.url), busyTimeoutMs: 5_000 },
  analytics: { place: { kind: 'sqlite' as const, file, busyTimeoutMs: 5_000 }, file },
  lake: { ...lakeSettings(folder), keptMs: null },
  refusedKeptMs: 30 * DAY,
  kafka: null,
})

/** A keeper of this lake, and what it tells. */
function keeping(clock = systemClock, changes: Partial<LakeSettings> = {}) {
  const told: FromPipeline[] = []
  const watch = { hear: (message: FromPipeline) => void told.push(message) }
  const parts = { analytics: lake.analytics, clock, watch }
  const order = orderFor(lake)
  const settings = { ...order, lake: { ...order.lake, ...changes } }
  return { told, keeper: createLakeKeeper(parts, settings) }
}

/** How long depends on what else the machine has to do: the test's own limit ends it. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await sleep(5)
}

/** The processes that write a lake for this one. */
const writers = (): readonly number[] =>
  readdirSync('/proc/self/task')
    .flatMap((task) => readFileSync(`/proc/self/task/${task}/children`, 'utf8').split(' '))
    .map(Number)
    .filter((pid) => pid > 0 && commandOf(pid).includes(SCRIPT))

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return ''
  }
}

const someGames = (count: number) =>
  lake.log.games(...Array.from({ length: count }, () => ({ type: 'session_start', player: 'ana' })))

describe('the process that writes the lake', () => {
  it('writes what is due, looks after it, and tells how far it is', async () => {
    await someGames(3)
    await lake.judge()
    const { told, keeper } = keeping()
    const stop = keeper.begin()
    await until(() => told.some((one) => one.kind === 'step' && one.offset === 3))
    await stop()
    expect(told.filter(({ kind }) => kind === 'step')).toEqual([
      { kind: 'step', stage: 'lake', offset: 0 },
      { kind: 'step', stage: 'lake', offset: 3 },
    ])
    expect((await lake.verify()).faults).toEqual([])
    // They are of March, and the log keeps events for 35 days.
    expect(readManifest(lake.folder).log_expired).toBe(3)
  })

  it.runIf(ON_LINUX)('yields to the server, and is gone after its batch', async () => {
    await someGames(3)
    await lake.judge()
    const { keeper } = keeping()
    const stop = keeper.begin()
    let pid = 0
    await until(() => {
      pid = writers()[0] ?? 0
      return pid > 0
    })
    expect(getPriority(pid)).toBe(constants.priority.PRIORITY_BELOW_NORMAL)
    await until(() => readManifest(lake.folder).upto === 3)
    await until(() => writers().length === 0)
    await stop()
  })

  it.runIf(ON_LINUX)('is started for what has waited since the one before it began', async () => {
    const time = { now: 0 }
    const clock = { ...systemClock, monotonic: () => time.now }
    const { keeper } = keeping(clock, { batchEvents: 2, batchMs: 60_000 })
    await someGames(2)
    await lake.judge()
    const stop = keeper.begin()
    await until(() => writers().length === 1)
    await someGames(1)
    await lake.judge()
    time.now = 60_000
    await until(() => readManifest(lake.folder).upto === 3)
    await stop()
  })

  it('merges one group of files, and the next after what has come meanwhile', async () => {
    for (let batch = 0; batch < 23; batch += 1) {
      await someGames(1)
      await lake.bring()
    }
    for (let batch = 23; batch < 25; batch += 1) {
      await someGames(1)
      await lake.judge()
    }
    const counts = async (until: number) => {
      const child = fork(SCRIPT, { execArgv: [] })
      const order = orderFor(lake)
      child.send({ ...order, lake: { ...order.lake, batchEvents: 1 }, until })
      await once(child, 'exit')
      const { upto, files } = readManifest(lake.folder)
      return [upto, ...TOPICS.map((name) => files.filter(({ topic }) => topic === name).length)]
    }
    expect(TOPICS).toEqual(['events-raw', 'events-enriched', 'events-rejected'])
    expect(await counts(24)).toEqual([24, 1, 24, 0])
    expect(await counts(25)).toEqual([25, 2, 2, 0])
  })

  it('forgets what was refused long ago once the lake holds it', async () => {
    const refused = (receivedAt: number) =>
      lake.log.games({
        type: 'purchase',
        at: receivedAt,
        receivedAt,
        fields: { amount_micros: -1 },
      })
    const now = Date.now()
    for (const days of [40, 31, 29]) await refused(now - days * DAY)
    await lake.judge()
    await keeping().keeper.begin()()
    const inTable = await listRejected(lake.analytics.read, { before: 1_000, limit: 10 })
    expect(inTable.map(({ offset }) => offset)).toEqual([3])
    const inLake = await lake.rows('SELECT log_offset FROM events_rejected ORDER BY 1')
    expect(inLake).toEqual([{ log_offset: 1n }, { log_offset: 2n }, { log_offset: 3n }])

    await refused(now - 40 * DAY)
    await lake.judge()
    await sweepRejected(lake.analytics, { before: now, upto: 3 })
    const left = await listRejected(lake.analytics.read, { before: 1_000, limit: 10 })
    expect(left.map(({ offset }) => offset)).toEqual([4])
  })

  it('leaves nothing unwritten when the server stops', async () => {
    const { keeper } = keeping()
    const stop = keeper.begin()
    await someGames(2)
    await lake.judge()
    await stop()
    expect(readManifest(lake.folder).upto).toBe(2)
  })

  it('leaves the lake to whoever writes it', async () => {
    await someGames(2)
    await lake.judge()
    const lease = createLeases(lake.analyticsFile)('lake')
    await lease.take()
    const { told, keeper } = keeping()
    await keeper.begin()()
    expect(readManifest(lake.folder).upto).toBe(0)
    await lease.release()
    await keeper.begin()()
    expect(readManifest(lake.folder).upto).toBe(2)
    expect(told.filter(({ kind }) => kind === 'failure')).toEqual([])
  })

  it('tells why it cannot, and tries again', async () => {
    await someGames(1)
    await lake.judge()
    const day = join(lake.folder, 'events-raw/date=2026-03-01')
    mkdirSync(day, { recursive: true })
    writeFileSync(join(day, '1-1.parquet'), 'left over')
    const { told, keeper } = keeping()
    const stop = keeper.begin()
    await until(() => told.filter(({ kind }) => kind === 'failure').length === 2)
    expect(told.find(({ kind }) => kind === 'failure')).toMatchObject({
      stage: 'lake',
      error: expect.stringContaining('has files and no manifest.json'),
    })
    await stop()
    expect(told.filter(({ kind }) => kind === 'failure').length).toBeGreaterThanOrEqual(3)
  })

  it('ends at once when its server is gone', async () => {
    const planned = await leftInTheMiddle()
    expect(readManifest(lake.folder)).toMatchObject({ upto: planned.first - 1, planned })
    await lake.bring()
    expect(await lake.verify()).toMatchObject({ ok: true, checked: { compared: planned.last } })
  })
})

const EVENTS = 10_000

/**
 * Leaves a process alone in the midst of a batch. On a busy machine it may have been done before we
 * saw that it had begun: then it is tried with the next batch, five times in all.
 */
async function leftInTheMiddle(): Promise<{ readonly first: number; readonly last: number }> {
  for (let batch = 0; ; batch += 1) {
    const planned = { first: batch * EVENTS + 1, last: (batch + 1) * EVENTS }
    await someGames(EVENTS)
    await lake.judge()
    const child = fork(SCRIPT, { execArgv: [] })
    const exit = once(child, 'exit')
    child.send({ ...orderFor(lake), until: planned.last })
    const manifest = () => readManifest(lake.folder)
    await until(() => manifest().planned !== null || manifest().upto === planned.last)
    child.disconnect()
    await exit
    if (batch === 4 || manifest().upto < planned.last) return planned
  }
}
