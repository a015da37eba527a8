// The lake in a process of its own, to be killed: it writes what the log has, merges all files, and
// takes what is old out of the log's table. At a step that it is told it kills itself.
import { createLeases, createStage } from '../../packages/server/src/analytics/analytics.ts'
import {
  compact,
  createLakeConsumer,
  type LakeSettings,
} from '../../packages/server/src/lake/lake.ts'
import { newestOffset } from '../../packages/server/src/log/log.ts'
import { openTestStore } from '../open-store.ts'
import { openTestAnalytics } from '../pipeline/consumers.ts'

export type LakeOrder = {
  readonly url: string
  readonly file: string
  readonly settings: LakeSettings
  /** What the clock of the lake says. */
  readonly now: number
  /** Counted from 1; null to live. */
  readonly diesAt: number | null
}

async function run({ url, file, settings, now, diesAt }: LakeOrder): Promise<void> {
  const books = openTestStore(url)
  const analytics = await openTestAnalytics(file)
  let steps = 0
  const onStep = (step: string): void => {
    steps += 1
    process.send?.({ step })
    if (steps === diesAt) process.kill(process.pid, 'SIGKILL')
  }
  const clock = { now: () => now, monotonic: () => 0 }
  const stage = createStage(
    { store: analytics, leases: createLeases(file) },
    createLakeConsumer({ books, analytics, clock, onStep }, settings),
    { events: 1 },
  )
  if (!(await stage.lease.take())) throw new Error('somebody else writes the lake')
  process.send?.({ step: 'begun' })
  const head = await newestOffset(books.read)
  while ((await stage.checkpoint()) < head) await stage.step()
  await stage.step()
  const { folder, memoryLimitMb } = settings
  await compact({ folder, memoryLimitMb, all: true }, onStep)
  await analytics.close()
  await books.close()
  process.send?.({ done: true })
  process.disconnect?.()
}

if (import.meta.main) await run(JSON.parse(process.argv[2] ?? '{}'))
