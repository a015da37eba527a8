import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { createLeases, openAnalytics, runStage } from './analytics/analytics.ts'
import { createConsumers } from './consumers.ts'
import type { FromPipeline, PipelineOrder, ToPipeline } from './pipeline-messages.ts'
import { systemClock } from './platform/clock.ts'
import { systemRandom } from './platform/random.ts'
import { openStore } from './store/store.ts'

// The thread that runs the consumers, with connections of its own: HTTP never waits for it.

/** Without a word from the main thread another process may have written: an import beside the server. */
const LOOK_MS = 1_000
/** It only reads the books: one connection reads, one is spare. */
const CONNECTIONS_MAX = 2

async function run(order: PipelineOrder, port: MessagePort): Promise<void> {
  const random = systemRandom()
  const { database } = order
  const books = openStore(
    { random, onIdleError: () => undefined },
    database.kind === 'postgres' ? { ...database, connectionsMax: CONNECTIONS_MAX } : database,
  )
  const analytics = await openAnalytics({ now: systemClock.now, random }, order.analytics)
  const { stages } = createConsumers(
    { readBooks: books.read, analytics, leases: createLeases(order.analytics.file) },
    order,
  )
  for (const stage of stages) await stage.register()
  const stopping = new AbortController()
  const bell = createBell()
  const post = (message: FromPipeline): void => port.postMessage(message)
  port.on('message', (message: ToPipeline) => {
    if (message === 'stop') stopping.abort()
    bell.ring()
  })
  await Promise.all(
    stages.map((stage) =>
      runStage(stage, {
        signal: stopping.signal,
        idle: bell.wait,
        onStep({ name }, offset) {
          post({ kind: 'step', stage: name, offset })
          // What it has written is what others wait for.
          bell.ring()
        },
        onFailure: ({ name }, error, againMs) =>
          post({ kind: 'failure', stage: name, error: textOf(error), againMs }),
        onRecovery: ({ name }) => post({ kind: 'recovery', stage: name }),
      }),
    ),
  )
  await analytics.close()
  await books.close()
  port.close()
}

const textOf = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error)

/** Everybody who waits is woken by a ring, at the latest after a while. */
function createBell() {
  let waiting: (() => void)[] = []
  const ring = (): void => {
    for (const wake of waiting.splice(0)) wake()
  }
  return {
    ring,
    wait: (): Promise<void> =>
      new Promise((resolve) => {
        const timer = setTimeout(() => {
          waiting = waiting.filter((each) => each !== wake)
          resolve()
        }, LOOK_MS)
        const wake = (): void => {
          clearTimeout(timer)
          resolve()
        }
        waiting.push(wake)
      }),
  }
}

// Sound because only pipeline.ts starts this file.
if (parentPort) await run(workerData as PipelineOrder, parentPort)
