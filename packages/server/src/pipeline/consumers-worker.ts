import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { openAnalytics, openLeases } from '../analytics/analytics.ts'
import { systemClock } from '../platform/clock.ts'
import { systemRandom } from '../platform/random.ts'
import { openStore } from '../store/store.ts'
import { openTracing } from '../tracing/tracing.ts'
import { createConsumers } from './consumers.ts'
import type { FromPipeline, PipelineOrder } from './messages.ts'
import { runStages } from './run-stages.ts'

// The thread that runs the consumers, with connections of its own: HTTP never waits for it.

/** It only reads the books: one connection reads, one is spare. */
const CONNECTIONS_MAX = 2
/** It reads the log from front to back, each page once. */
const CACHE_MB = 2

async function run(order: PipelineOrder, port: MessagePort): Promise<void> {
  const random = systemRandom()
  const { database } = order
  const books = openStore(
    { random, onIdleError: () => undefined },
    database.kind === 'postgres'
      ? { ...database, connectionsMax: CONNECTIONS_MAX }
      : { ...database, cacheMb: CACHE_MB },
  )
  const analytics = await openAnalytics({ now: systemClock.now, random }, order.analytics.place)
  const leases = openLeases(
    { store: analytics, monotonic: systemClock.monotonic, random, file: order.analytics.file },
    order.analytics.place,
  )
  const onRejected = (reason: string, events: number): void => {
    port.postMessage({ kind: 'rejected', stage: 'quality', reason, events } satisfies FromPipeline)
  }
  const { monotonic } = systemClock
  const tracing = await openTracing(order.tracing, 'consumers')
  const trace = { tracing, now: systemClock.now }
  const parts = { readBooks: books.read, analytics, leases, monotonic, onRejected, trace }
  const { stages } = createConsumers(parts, order)
  for (const stage of stages) await stage.register()
  await runStages(stages, port)
  await tracing?.close()
  await analytics.close()
  await books.close()
  port.close()
}

// Sound because only pipeline.ts starts this file.
if (parentPort) await run(workerData as PipelineOrder, parentPort)
