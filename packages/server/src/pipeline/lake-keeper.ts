import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants, setPriority } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { checkpointOf, runStage, type Stage } from '../analytics/analytics.ts'
import { askedOf, createGathering, LAKE } from '../lake/lake.ts'
import type { Clock, Stop } from '../platform/platform.ts'
import type { Store } from '../store/store.ts'
import type { FromPipeline } from './messages.ts'
import type { FromLake, LakeOrder, ToLake } from './sinks-messages.ts'
import type { ThreadWatch } from './thread.ts'
import { toldStage } from './told-stage.ts'

export type LakeKeeperParts = {
  readonly analytics: Store
  readonly clock: Clock
  readonly watch: Pick<ThreadWatch, 'hear'>
}

/** How often it is looked whether a batch is due: a few reads of one row each. */
const LOOK_MS = 1_000
/** After another process was found to be writing. */
const BUSY_MS = 10_000
/** New objects of a batch die at once; a larger nursery would only be more memory. */
const FLAGS = ['--disable-proto=delete', '--max-semi-space-size=2']

/** Has the lake written by a process of its own whenever a batch is due, and once more at the end. */
export function createLakeKeeper(
  { analytics, clock, watch }: LakeKeeperParts,
  order: Omit<LakeOrder, 'until'>,
) {
  const gathering = createGathering(clock, order.lake)
  let running: ChildProcess | null = null
  let busyUntil = Number.NEGATIVE_INFINITY
  let told = -1

  const checkpoint = (): Promise<number> => checkpointOf(analytics.read, LAKE)

  const judgedUntil = async (): Promise<number> =>
    order.kafka === null ? checkpointOf(analytics.read, 'quality') : Number.MAX_SAFE_INTEGER

  const tell = (offset: number): void => {
    // A command may have written it.
    if (offset !== told) watch.hear({ kind: 'step', stage: LAKE, offset })
    told = offset
  }

  /** @returns how far the lake is afterwards */
  const write = async (until: number): Promise<number> => {
    running = start({ ...order, until })
    const said = await lastWordOf(running).finally(() => {
      running = null
    })
    if (said.kind === 'busy') busyUntil = clock.monotonic() + BUSY_MS
    if (said.kind === 'failed') throw failureOf(said.error)
    return checkpoint()
  }

  const stage: Stage = {
    name: LAKE,
    // The process that writes takes it.
    lease: { take: async () => true, release: async () => undefined },
    register: async () => undefined,
    checkpoint,
    async step() {
      const at = await checkpoint()
      tell(at)
      const judged = await judgedUntil()
      // How much Kafka has, only the process that writes asks: it is started each time it may be due.
      const pending = order.kafka === null ? judged - at : 1
      const isDue = gathering.isDue(pending, await askedOf(analytics.read), at)
      if (!isDue || clock.monotonic() < busyUntil) return 0
      const begun = clock.monotonic()
      const now = await write(judged)
      gathering.reset(begun)
      return now - at
    },
  }

  // Whose lease it is the process that writes knows.
  const hear = (message: FromPipeline): void => {
    if (message.kind !== 'lease') watch.hear(message)
  }
  const tellFailure = (error: unknown, againMs: number): void =>
    watch.hear({ kind: 'failure', stage: LAKE, error: textOf(error), againMs })

  /** A graceful stop leaves nothing for the next start: all that quality has written goes into files. */
  const flush = async (): Promise<void> => {
    const judged = await judgedUntil()
    if ((await checkpoint()) < judged) tell(await write(judged))
  }

  return {
    begin(): Stop {
      const ending = new AbortController()
      const { signal } = ending
      const following = runStage(toldStage(stage, hear, clock.monotonic), {
        signal,
        idle: () => sleep(LOOK_MS, undefined, { signal, ref: false }).catch(() => undefined),
        onStep: (_stage, offset) => tell(offset),
        onFailure: (_stage, error, againMs) => tellFailure(error, againMs),
        onRecovery: () => watch.hear({ kind: 'recovery', stage: LAKE }),
      })
      return async () => {
        ending.abort()
        running?.send('stop' satisfies ToLake, () => undefined)
        await following
        // What it could not do the next start does.
        await flush().catch((error: unknown) => tellFailure(error, 0))
      }
    },
  }
}

function start(order: LakeOrder): ChildProcess {
  const script = join(import.meta.dirname, 'lake-process.ts')
  const child = spawn(process.execPath, [...FLAGS, script], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  // Before it makes threads, which have the priority of that moment.
  if (child.pid !== undefined) yieldTo(child.pid)
  child.send(order satisfies ToLake, () => undefined)
  return child
}

/** Lower than whoever answers players, and not so low that a busy server never writes its lake. */
function yieldTo(pid: number): void {
  try {
    setPriority(pid, constants.priority.PRIORITY_BELOW_NORMAL)
  } catch {
    // It has ended already.
  }
}

async function lastWordOf(child: ChildProcess): Promise<FromLake> {
  let said: FromLake | undefined
  child.on('message', (message: FromLake) => {
    said = message
  })
  // Messages may come after its end, but not after that of their channel.
  const [[code, signal]] = await Promise.all([once(child, 'exit'), once(child, 'disconnect')])
  return (
    said ?? { kind: 'failed', error: `the process that writes it ended with ${signal ?? code}` }
  )
}

/** It failed where it is told from. */
const failureOf = (stack: string): Error =>
  Object.assign(new Error(stack.split('\n', 1)[0]), { stack })

const textOf = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error)
