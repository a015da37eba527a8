import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { createStage, openAnalytics, openLeases, type Stage } from './analytics/analytics.ts'
import { createFirehose, createForwardConsumer, createMock, type Sink } from './forward/forward.ts'
import { readingLake } from './open-lake.ts'
import { systemClock } from './platform/clock.ts'
import { systemRandom } from './platform/random.ts'
import { runStages } from './run-stages.ts'
import type { ForwardOrder, FromForward } from './sinks-messages.ts'
import { openStore } from './store/store.ts'
import { createWholeLog } from './whole-log.ts'

// The thread that sends events on, beside the one that counts: a service that is away holds up no number.

const CONNECTIONS_MAX = 2
/** It reads the log from front to back, each page once. */
const CACHE_MB = 2
const FORWARD_EVENTS = 2_000

async function run(order: ForwardOrder, port: MessagePort): Promise<void> {
  const random = systemRandom()
  const { database, lake, forward } = order
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
  const ending = new AbortController()
  port.on('message', (message) => {
    if (message === 'stop') ending.abort()
  })
  const sink = await openSink(forward)
  const wholeLog = createWholeLog(books.read, readingLake(lake, order.analytics.file, 'forward'))
  const shared = { random, signal: ending.signal }
  const stage = forwardStage(sink, wholeLog.nextPage, shared)
  await stage.register()
  await runStages([stage], port)
  sink.close()
  await analytics.close()
  await books.close()
  port.close()

  function forwardStage(
    into: Sink,
    nextPage: ReturnType<typeof createWholeLog>['nextPage'],
    shared: Pick<Parameters<typeof createForwardConsumer>[0], 'random' | 'signal'>,
  ): Stage {
    const onBacklog = (receivedAt: number | null): void => {
      port.postMessage({ kind: 'backlog', receivedAt } satisfies FromForward)
    }
    const consumer = createForwardConsumer({ ...shared, nextPage, sink: into, onBacklog })
    return createStage({ store: analytics, leases }, consumer, { events: FORWARD_EVENTS })
  }
}

async function openSink(forward: ForwardOrder['forward']): Promise<Sink> {
  if (forward.kind === 'firehose') return createFirehose(forward)
  return createMock(forward.stream, (text) => void process.stdout.write(text))
}

// Sound because only sinks.ts starts this file.
if (parentPort) await run(workerData as ForwardOrder, parentPort)
