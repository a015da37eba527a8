// node bench/kafka/stages.ts EVENTS, with KAFKA_BROKERS (and ANALYTICS_URL for PostgreSQL): brings a
// made-up log through the relay and both steps of quality, one after the other in this process, and
// says what each has cost. The brokers' own work is not in it.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  createLeases,
  createStage,
  openAnalytics,
} from '../../packages/server/src/analytics/analytics.ts'
import {
  connectKafka,
  setUpTopics,
  topicNames,
  topicPlans,
} from '../../packages/server/src/kafka/kafka.ts'
import { systemRandom } from '../../packages/server/src/platform/platform.ts'
import {
  createEnrichStep,
  createSplitStep,
  type Step,
} from '../../packages/server/src/quality-kafka/quality-kafka.ts'
import { createRelay } from '../../packages/server/src/relay/relay.ts'
import { openStore } from '../../packages/server/src/store/store.ts'

const events = Number(process.argv[2] ?? '200000')
const brokers = (process.env['KAFKA_BROKERS'] ?? '127.0.0.1:9092').split(',')
const url = process.env['ANALYTICS_URL']
const folder = mkdtempSync(join(tmpdir(), 'questline-bench-'))
const random = systemRandom()
const now = (): number => Date.now()

const measured = async (name: string, work: () => Promise<number>): Promise<void> => {
  const cpu = process.cpuUsage()
  const begun = performance.now()
  const count = await work()
  const { user, system } = process.cpuUsage(cpu)
  const seconds = (performance.now() - begun) / 1_000
  console.log(
    `${name.padEnd(8)} ${count} records, ${Math.round(count / seconds)} a second, ${((user + system) / count).toFixed(1)} µs of CPU each`,
  )
}

try {
  const file = join(folder, 'app.db')
  execFileSync(process.execPath, [join(import.meta.dirname, '../windows/fill-log.ts')], {
    input: JSON.stringify({ folder, events }),
    stdio: ['pipe', 'ignore', 'inherit'],
  })
  const books = openStore(
    { random, onIdleError: () => undefined },
    { kind: 'sqlite', file, busyTimeoutMs: 5_000 },
  )
  const analytics = await openAnalytics(
    { now, random },
    url === undefined
      ? { kind: 'sqlite', file: join(folder, 'analytics.db'), busyTimeoutMs: 5_000 }
      : { kind: 'postgres', url, connectTimeoutMs: 2_000 },
  )
  const kafka = await connectKafka({ brokers, tls: null, sasl: null, clientId: 'bench' })
  const topics = topicNames(`bench-${now()}-`)
  await setUpTopics(
    kafka,
    topicPlans({ topics, partitions: 6, replication: 1, retentionHours: 1_000_000 }),
  )
  const relay = createStage(
    { store: analytics, leases: createLeases(join(folder, 'leases')) },
    createRelay(
      { readBooks: books.read, kafka, now },
      { topic: topics['events-raw'], heartbeatMs: 5_000 },
    ),
    { events: 5_000 },
  )
  await relay.register()
  await measured('relay', async () => {
    let count = 0
    for (let taken = 1; taken > 0; count += taken) taken = await relay.step()
    return count
  })

  const follow = async (step: Step, topic: string): Promise<number> => {
    const positions = new Map(await step.begin([0, 1, 2, 3, 4, 5]))
    const reader = await kafka.reader(topic)
    let count = 0
    for (;;) {
      const { records, next } = await reader.fetch(positions, { bytes: 1_048_576, waitMs: 100 })
      if (next.size === 0) break
      const of = Map.groupBy(records, ({ partition }) => partition)
      await step.take(
        [...next].map(([partition, offset]) => ({
          ...{ partition, from: positions.get(partition) ?? 0, next: offset },
          records: of.get(partition) ?? [],
        })),
      )
      for (const [partition, offset] of next) positions.set(partition, offset)
      count += records.length
    }
    await reader.close()
    return count
  }
  const settings = { topics, rules: [], prefix: topics['events-raw'], foreignApp: 'default' }
  await measured('split', () =>
    follow(createSplitStep({ kafka, now }, settings), topics['events-raw']),
  )
  await measured('enrich', () =>
    follow(createEnrichStep({ kafka, analytics }, settings), topics['events-by-player']),
  )
  await kafka.close()
  await analytics.close()
  await books.close()
} finally {
  rmSync(folder, { recursive: true })
}
