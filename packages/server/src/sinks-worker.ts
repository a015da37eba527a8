import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { createStage, openAnalytics, openLeases, type Stage } from './analytics/analytics.ts'
import { createFirehose, createForwardConsumer, createMock, type Sink } from './forward/forward.ts'
import { createLakeStage, readingLake } from './open-lake.ts'
import { systemClock } from './platform/clock.ts'
import { systemRandom } from './platform/random.ts'
import { runStages } from './run-stages.ts'
import type { ForwardConfig } from './sink-settings.ts'
import type { FromSinks, SinksOrder } from './sinks-messages.ts'
import { openStore } from './store/store.ts'
import { createWholeLog } from './whole-log.ts'

// The thread that writes the lake and sends events on, beside the one that counts: a slow disk or a
// service that is away holds up no number.

const CONNECTIONS_MAX = 2
const FORWARD_EVENTS = 2_000

async function run(order: SinksOrder, port: MessagePort): Promise<void> {
  const random = systemRandom()
  const { database, lake, forward } = order
  const books = openStore(
    { random, onIdleError: () => undefined },
    database.kind === 'postgres' ? { ...database, connectionsMax: CONNECTIONS_MAX } : database,
  )
  const analytics = await openAnalytics({ now: systemClock.now, random }, order.analytics.place)
  const leases = openLeases(
    { store: analytics, monotonic: systemClock.monotonic, random, file: order.analytics.file },
    order.analytics.place,
  )
  const parts = { books, analytics, clock: systemClock, leases }
  const ending = new AbortController()
  port.on('message', (message) => {
    if (message === 'stop') ending.abort()
  })
  const sink = await openSink(forward)
  const wholeLog = createWholeLog(books.read, readingLake(lake, order.analytics.file, 'forward'))
  const forwarding: Stage[] = sink
    ? [forwardStage(sink, wholeLog.nextPage, { random, signal: ending.signal })]
    : []
  const stages = [createLakeStage(parts, lake, false), ...forwarding]
  for (const stage of stages) await stage.register()
  await runStages(stages, port)
  await flush(createLakeStage(parts, lake, true))
  sink?.close()
  await analytics.close()
  await books.close()
  port.close()

  function forwardStage(
    into: Sink,
    nextPage: ReturnType<typeof createWholeLog>['nextPage'],
    shared: Pick<Parameters<typeof createForwardConsumer>[0], 'random' | 'signal'>,
  ): Stage {
    const onBacklog = (receivedAt: number | null): void => {
      port.postMessage({ kind: 'backlog', receivedAt } satisfies FromSinks)
    }
    const consumer = createForwardConsumer({ ...shared, nextPage, sink: into, onBacklog })
    return createStage({ store: analytics, leases }, consumer, { events: FORWARD_EVENTS })
  }
}

/** A graceful stop leaves nothing for the next start: all that quality has written goes into files. */
async function flush(lake: Stage): Promise<void> {
  if (!(await lake.lease.take())) return
  while ((await lake.step()) > 0);
  await lake.lease.release()
}

async function openSink(forward: ForwardConfig): Promise<Sink | null> {
  if (forward.kind === 'firehose') return createFirehose(forward)
  const print = (text: string): void => void process.stdout.write(text)
  return forward.kind === 'mock' ? createMock(forward.stream, print) : null
}

// Sound because only sinks.ts starts this file.
if (parentPort) await run(workerData as SinksOrder, parentPort)
