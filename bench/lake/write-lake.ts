// Writes the lake of a log that quality has judged, as the server does, and says what it cost.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import {
  createLeases,
  createStage,
  openAnalytics,
} from '../../packages/server/src/analytics/analytics.ts'
import { createLakeConsumer, lakeStats } from '../../packages/server/src/lake/lake.ts'
import { systemClock, systemRandom } from '../../packages/server/src/platform/platform.ts'
import { openStore } from '../../packages/server/src/store/store.ts'
import type { WriteJob, Written } from './jobs.ts'

const { folder, lake }: WriteJob = JSON.parse(readFileSync(0, 'utf8'))
const random = systemRandom()
const books = openStore(
  { random, onIdleError: () => undefined },
  { kind: 'sqlite', file: join(folder, 'app.db'), busyTimeoutMs: 5_000 },
)
const file = join(folder, 'analytics.db')
const analytics = await openAnalytics(
  { now: () => 0, random },
  { kind: 'sqlite', file, busyTimeoutMs: 5_000 },
)
const settings = {
  ...{ folder: lake, memoryLimitMb: 512, batchEvents: 200_000, batchMs: 0 },
  ...{ logKeptMs: Number.POSITIVE_INFINITY, keptMs: null },
}
const stage = createStage(
  { store: analytics, leases: createLeases(file) },
  createLakeConsumer({ books, analytics, clock: systemClock }, settings),
  { events: 1 },
)
// An earlier round has moved the checkpoint; this lake is empty.
new DatabaseSync(file).exec("UPDATE checkpoints SET log_offset = 0 WHERE consumer = 'lake'")
const begun = performance.now()
const cpu = process.cpuUsage()
let events = 0
for (let taken = await stage.step(); taken > 0; taken = await stage.step()) events += taken
const { user, system } = process.cpuUsage(cpu)
const written: Written = {
  events,
  cpuSeconds: (user + system) / 1e6,
  seconds: (performance.now() - begun) / 1_000,
  peakMb: process.resourceUsage().maxRSS / 1_024,
  bytes: lakeStats(lake).topics.reduce((sum, { bytes }) => sum + bytes, 0),
}
await analytics.close()
await books.close()
process.stdout.write(JSON.stringify(written))
