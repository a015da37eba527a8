import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { catchUp } from '../analytics/analytics.ts'
import type { KafkaConfig } from '../config/kafka-settings.ts'
import { askLake, type Lake, type ReaderSettings, withLake } from '../lake/lake.ts'
import { newestOffset } from '../log/log.ts'
import { bringFromKafka } from '../pipeline/lake-from-kafka.ts'
import { createLakeStage } from '../pipeline/open-lake.ts'
import { CommandFailure } from './command-failure.ts'
import { type OpenedAnalytics, withAnalytics } from './with-analytics.ts'

export type OpenedLake = OpenedAnalytics & {
  /** How readers of this command open it. */
  readonly reader: ReaderSettings
  read<T>(work: (lake: Lake) => Promise<T>): Promise<T>
}

/** Without a step of whoever writes the lake for so long, a command gives up. */
const WAIT_MS = 60_000

/** Opens the lake for one command that reads it, brought up to the end of the log. */
export const withCurrentLake = <T>(work: (opened: OpenedLake) => Promise<T>): Promise<T> =>
  withAnalytics(async (opened) => {
    await bringUpToDate(opened)
    return withReader(opened, work)
  })

/** The same as far as it is. */
export const withLakeAsItIs = <T>(work: (opened: OpenedLake) => Promise<T>): Promise<T> =>
  withAnalytics((opened) => withReader(opened, work))

const AGAIN_MS = 100
const SCRATCH = '.reading-lake-'
/** A command that is at work makes and removes files in its folder all the time. */
const LEFT_OVER_MS = 86_400_000

/** Does what only one process at a time may do with the lake, as soon as nobody else does. */
export async function withLakeLease<T>(
  { leases, clock }: OpenedAnalytics,
  work: () => Promise<T>,
): Promise<T> {
  const lease = leases('lake')
  const until = clock.monotonic() + WAIT_MS
  while (!(await lease.take())) {
    if (clock.monotonic() > until) {
      throw new CommandFailure(
        1,
        'another process has been writing the lake for a minute: try again when it is done. The log of the server says what it does.',
      )
    }
    await sleep(AGAIN_MS)
  }
  try {
    return await work()
  } finally {
    await lease.release()
  }
}

async function withReader<T>(
  opened: OpenedAnalytics,
  work: (opened: OpenedLake) => Promise<T>,
): Promise<T> {
  const { folder, memoryLimitMb } = opened.config.lake
  const dataDir = dirname(opened.file)
  await removeLeftOver(dataDir, opened.clock.now() - LEFT_OVER_MS)
  const scratch = await mkdtemp(join(dataDir, SCRATCH))
  const reader = { folder, memoryLimitMb, threads: availableParallelism(), scratch }
  try {
    return await work({ ...opened, reader, read: (reading) => withLake(reader, reading) })
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

/** What a command left behind that was killed: with a large query that is many gigabytes. */
async function removeLeftOver(dataDir: string, before: number): Promise<void> {
  for (const name of await readdir(dataDir)) {
    if (!name.startsWith(SCRATCH)) continue
    const path = join(dataDir, name)
    const found = await stat(path).catch(() => null)
    if (found && found.mtimeMs < before) await rm(path, { recursive: true, force: true })
  }
}

/**
 * Everything that is in the log now is in the lake afterwards: written here where no server does, else
 * by the server, which is asked to.
 */
async function bringUpToDate(opened: OpenedAnalytics): Promise<void> {
  if (opened.config.kafka !== null) return bringUpToKafka(opened, opened.config.kafka)
  const { store, analytics, leases, config, clock, consumers } = opened
  const head = await newestOffset(store.read)
  const quality = consumers.stages.filter(({ name }) => name === 'quality')
  // What there is, instead of gathering it.
  const settings = { ...config.lake, batchMs: 0 }
  const lake = createLakeStage({ books: store, analytics, leases, clock }, settings)
  try {
    await catchUp(quality, head, WAIT_MS)
    await askLake(analytics, head)
    await catchUp([lake], head, WAIT_MS)
  } catch (error) {
    if (!(error instanceof Error && /another process holds/.test(error.message))) throw error
    throw new CommandFailure(
      1,
      `the lake is not up to date: ${error.message}. The log of the server says why.`,
    )
  }
}

/** As far as quality is on Kafka. Whoever has the lease writes, so nobody is asked. */
async function bringUpToKafka(opened: OpenedAnalytics, kafka: KafkaConfig): Promise<void> {
  const { store, analytics, leases, config, clock } = opened
  const parts = { books: store, analytics, leases, clock }
  const head = await newestOffset(store.read)
  await withLakeLease(opened, () => bringFromKafka(parts, { kafka, lake: config.lake }))
  const stage = createLakeStage(parts, { ...config.lake, batchMs: 0, isOnKafka: true })
  await catchUp([stage], head, WAIT_MS)
}
