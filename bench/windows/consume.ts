// Runs the consumers over a log that is there, on a new analytics file, and says what each has cost.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createLeases, openAnalytics } from '../../packages/server/src/analytics/analytics.ts'
import { createConsumers } from '../../packages/server/src/pipeline/consumers.ts'
import { systemRandom } from '../../packages/server/src/platform/platform.ts'
import { openStore, type Store } from '../../packages/server/src/store/store.ts'

export type ConsumeJob = {
  /** Holds the books. */
  readonly folder: string
  /** For the analytics file, new and empty. */
  readonly analyticsFolder: string
  readonly batchEvents: number
  /** The yardstick writes no checkpoints. */
  readonly checkpoints: boolean
  /** Offsets that are taken before anything is measured. */
  readonly warmup: number
}

export type StageCost = {
  readonly events: number
  /** User and system time of the whole process, its garbage collector too. */
  readonly cpuUs: number
  readonly seconds: number
}
export type Consumed = {
  readonly stages: Readonly<Record<string, StageCost>>
  readonly rssMb: number
}

const job: ConsumeJob = JSON.parse(readFileSync(0, 'utf8'))
const random = systemRandom()
const books = openStore(
  { random, onIdleError: () => undefined },
  { kind: 'sqlite', file: join(job.folder, 'app.db'), busyTimeoutMs: 5_000 },
)
const file = join(job.analyticsFolder, 'analytics.db')
const opened = await openAnalytics(
  { now: () => 0, random },
  { kind: 'sqlite', file, busyTimeoutMs: 5_000 },
)
const analytics = job.checkpoints ? opened : withoutCheckpoints(opened)
const { stages } = createConsumers(
  { readBooks: books.read, analytics, leases: createLeases(file) },
  { rules: [], batchEvents: job.batchEvents },
)

const costs = new Map(stages.map(({ name }) => [name, { events: 0, cpuUs: 0, seconds: 0 }]))
const seen = new Map<string, number>()
for (let taken = 1; taken > 0; ) {
  taken = 0
  for (const { name, step } of stages) {
    const cpu = process.cpuUsage()
    const begun = performance.now()
    const events = await step()
    const { user, system } = process.cpuUsage(cpu)
    taken += events
    const before = seen.get(name) ?? 0
    seen.set(name, before + events)
    const cost = costs.get(name)
    if (!cost || before < job.warmup) continue
    cost.events += events
    cost.cpuUs += user + system
    cost.seconds += (performance.now() - begun) / 1_000
  }
}
const consumed: Consumed = {
  stages: Object.fromEntries(costs),
  rssMb: process.resourceUsage().maxRSS / 1_024,
}
await analytics.close()
await books.close()
process.stdout.write(JSON.stringify(consumed))

/** The same code, without the row that makes each event count once. */
function withoutCheckpoints(store: Store): Store {
  return {
    ...store,
    transaction: (work) =>
      store.transaction((tx) =>
        work({
          ...tx,
          change: async (statement, tuples) =>
            statement.name === 'analytics.move-checkpoint' ? 1 : tx.change(statement, tuples),
        }),
      ),
  }
}
