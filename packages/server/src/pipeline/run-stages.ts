import type { MessagePort } from 'node:worker_threads'
import { runStage, type Stage } from '../analytics/analytics.ts'
import { systemClock } from '../platform/clock.ts'
import type { FromPipeline, ToPipeline } from './messages.ts'
import { toldStage } from './told-stage.ts'

/** Without a word from the main thread another process may have written: an import beside the server. */
const LOOK_MS = 1_000
/** Runs stages in a thread until the main one says stop, and tells it what becomes of them. */
export async function runStages(stages: readonly Stage[], port: MessagePort): Promise<void> {
  const stopping = new AbortController()
  const bell = createBell()
  const post = (message: FromPipeline): void => port.postMessage(message)
  port.on('message', (message: ToPipeline) => {
    if (message === 'stop') stopping.abort()
    bell.ring()
  })
  for (const stage of stages) {
    // Where it is before it does anything, or it would seem to have all of the log before it.
    post({ kind: 'step', stage: stage.name, offset: await stage.checkpoint() })
  }
  await Promise.all(
    stages.map((stage) =>
      runStage(toldStage(stage, post, systemClock.monotonic), {
        signal: stopping.signal,
        idle: bell.wait,
        onStep({ name }, offset) {
          post({ kind: 'step', stage: name, offset })
          // What it has written is what others wait for.
          bell.ring()
        },
        onStandBy: ({ name }, offset) => post({ kind: 'step', stage: name, offset }),
        onFailure: ({ name }, error, againMs) =>
          post({ kind: 'failure', stage: name, error: textOf(error), againMs }),
        onRecovery: ({ name }) => post({ kind: 'recovery', stage: name }),
      }),
    ),
  )
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
