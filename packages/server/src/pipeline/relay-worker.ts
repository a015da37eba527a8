import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { createStage, openAnalytics, openLeases } from '../analytics/analytics.ts'
import { openKafka } from '../books/open-kafka.ts'
import { systemClock } from '../platform/clock.ts'
import { systemRandom } from '../platform/random.ts'
import { createRelay, RELAY } from '../relay/relay.ts'
import { openStore } from '../store/store.ts'
import { openTracing } from '../tracing/tracing.ts'
import type { FromPipeline, StreamOrder } from './messages.ts'
import { runStages } from './run-stages.ts'
import { tracedConsumer } from './traced-stages.ts'

// The thread that brings the log to Kafka. Of all that run one does, whoever holds the lease.

const CONNECTIONS_MAX = 2
/** Of one step: enough that an acknowledgement and a checkpoint cost little beside it. */
const EVENTS = 5_000

async function run(order: StreamOrder, port: MessagePort): Promise<void> {
  const random = systemRandom()
  const { database, analytics: place } = order
  const books = openStore(
    { random, onIdleError: () => undefined },
    database.kind === 'postgres' ? { ...database, connectionsMax: CONNECTIONS_MAX } : database,
  )
  const analytics = await openAnalytics({ now: systemClock.now, random }, place.place)
  const leases = openLeases(
    { store: analytics, monotonic: systemClock.monotonic, random, file: place.file },
    place.place,
  )
  const { kafka, topics } = await openKafka(order.kafka, 'relay', {
    monotonic: systemClock.monotonic,
    tell: (work) =>
      port.postMessage({ kind: 'kafka', stage: RELAY, ...work } satisfies FromPipeline),
  })
  const relay = createRelay(
    { readBooks: books.read, readAnalytics: analytics.read, kafka, now: systemClock.now },
    { topic: topics['events-raw'], heartbeatMs: order.kafka.heartbeatMs },
  )
  const tracing = await openTracing(order.tracing, 'relay')
  const traced = tracedConsumer(relay, tracing, systemClock.now, ({ events }) => events)
  const parts = { store: analytics, leases, monotonic: systemClock.monotonic }
  const stage = createStage(parts, traced, { events: EVENTS })
  await stage.register()
  await runStages([stage], port)
  await tracing?.close()
  await kafka.close()
  await analytics.close()
  await books.close()
  port.close()
}

// Sound because only pipeline.ts starts this file.
if (parentPort) await run(workerData as StreamOrder, parentPort)
