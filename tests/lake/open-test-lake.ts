// A lake on a log and an analytics file of its own, written by the consumers in this process.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  createLeases,
  createStage,
  type Stage,
} from '../../packages/server/src/analytics/analytics.ts'
import {
  createLakeConsumer,
  type Lake,
  type LakeSettings,
  registerLake,
  verifyLake,
  withLake,
} from '../../packages/server/src/lake/lake.ts'
import {
  type NewGameEvent,
  newestOffset,
  RECORD_GAME_EVENTS,
} from '../../packages/server/src/log/log.ts'
import { systemClock } from '../../packages/server/src/platform/platform.ts'
import { createWriter, type Store } from '../../packages/server/src/store/store.ts'
import { aDelivery, aGameEvent } from '../builders.ts'
import { type FreshDatabase, freshSqlite } from '../database.ts'
import { openTestAnalytics, testConsumers } from '../pipeline/consumers.ts'
import { type GameLog, openGameLog } from '../pipeline/game-log.ts'
import { plainSql } from '../plain-sql.ts'

const DAY = 86_400_000

export type TestLake = {
  readonly log: GameLog
  readonly analytics: Store
  readonly analyticsFile: string
  readonly folder: string
  /** What a test does to its time. */
  readonly time: { now: number }
  /** A stage of the lake as a new process has it. */
  stage(changes?: Partial<LakeSettings>, onStep?: (step: string) => void): Stage
  /** Logs one event whose own JSON is this text. */
  record(event: Partial<NewGameEvent>): Promise<void>
  /** Quality and the lake take all that the log has. */
  bring(changes?: Partial<LakeSettings>): Promise<void>
  /** Quality alone, so many offsets at a time. */
  judge(batchEvents?: number): Promise<void>
  read<T>(work: (lake: Lake) => Promise<T>): Promise<T>
  rows(sql: string): Promise<readonly Readonly<Record<string, unknown>>[]>
  verify(): ReturnType<typeof verifyLake>
  /** An empty lake, of which the analytics file knows nothing. */
  startAnew(): Promise<void>
  /** The same lake beside an analytics file that is new. */
  withNewAnalytics(): Promise<Omit<TestLake, 'withNewAnalytics'>>
  close(): Promise<void>
}

export const lakeSettings = (
  folder: string,
  changes: Partial<LakeSettings> = {},
): LakeSettings => ({
  folder,
  memoryLimitMb: 256,
  batchEvents: 500_000,
  batchMs: 0,
  logKeptMs: 35 * DAY,
  keptMs: null,
  ...changes,
})

export async function openTestLake(
  database: { fresh(): Promise<FreshDatabase> } = { fresh: freshSqlite },
): Promise<TestLake> {
  const log = await openGameLog(database)
  const work = await mkdtemp(join(tmpdir(), 'questline-lake-'))
  const lake = await open(log, join(work, 'lake'), join(work, 'analytics.db'))
  return {
    ...lake,
    withNewAnalytics: () => open(log, lake.folder, join(work, 'analytics-2.db')),
    async close() {
      await lake.close()
      await log.close()
      await rm(work, { recursive: true, force: true })
    },
  }
}

async function open(
  log: GameLog,
  folder: string,
  file: string,
): Promise<Omit<TestLake, 'withNewAnalytics'>> {
  const analytics = await openTestAnalytics(file)
  await registerLake(analytics)
  const leases = createLeases(file)
  const time = { now: Date.UTC(2026, 2, 1, 12) }
  const clock = { now: () => time.now, monotonic: () => time.now }
  const reader = { folder, memoryLimitMb: 256, threads: 2, scratch: `${file}-reading` }

  const stage: TestLake['stage'] = (changes, onStep) =>
    createStage(
      { store: analytics, leases },
      createLakeConsumer(
        { books: log.store, analytics, clock, ...(onStep ? { onStep } : {}) },
        lakeSettings(folder, changes),
      ),
      { events: 1 },
    )
  const judge = (batchEvents = 1_000) =>
    testConsumers(log.store, { file, analytics }, { batchEvents }).drain()

  const onFatal = (error: Error) => {
    throw error
  }
  const { monotonic } = systemClock
  const writer = createWriter({ store: log.store, monotonic, onFatal }, { commitWritesMax: 64 })

  return {
    ...{ log, analytics, folder, time, stage, judge, analyticsFile: file },
    async record(event) {
      const events = [aGameEvent(event)]
      const input = { delivery: aDelivery({ app: 'game' }), events, refused: [], progress: null }
      await writer.submit(RECORD_GAME_EVENTS, input)
    },
    async bring(changes) {
      await judge()
      const lake = stage(changes)
      while ((await lake.checkpoint()) < (await newestOffset(log.store.read))) await lake.step()
      // Once more: what is done beside writing.
      await lake.step()
    },
    read: (work) => withLake(reader, work),
    rows: (sql) => withLake(reader, ({ engine }) => engine.rows(sql)),
    verify: () => verifyLake(log.store.read, reader),
    async startAnew() {
      await rm(folder, { recursive: true, force: true })
      const reset = "UPDATE checkpoints SET log_offset = 0 WHERE consumer = 'lake'"
      await plainSql(`sqlite:///${file}`, reset)
    },
    close: () => analytics.close(),
  }
}
