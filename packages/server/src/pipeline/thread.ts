import { setFlagsFromString } from 'node:v8'
import { Worker } from 'node:worker_threads'
import type { Stop } from '../platform/platform.ts'
import type { FromPipeline, ToPipeline } from './messages.ts'
import type { Watch } from './watch.ts'

/**
 * Commits within so long are looked at together. A step costs a sync however little it takes; who
 * watches a number does not see a tenth of a second.
 */
const GATHER_MS = 100
/** A step makes its objects at once and drops them at once; a larger nursery only spreads them out. */
const YOUNG_MB = 6
/**
 * Far more than it needs. With 2 GB or more to grow into, V8 lets a heap become four times what lives
 * in it before it collects, with less twice: some 50 MB that no server has to have.
 */
const OLD_MB = 2_040
const RESTART_MS = { first: 1_000, most: 60_000 }

/** Who is told what becomes of a thread. */
export type ThreadWatch = Pick<Watch, 'hear' | 'lives' | 'died' | 'look'>

/** A thread of consumers, which is started again when it dies. */
export function createThread(script: URL, order: object, watch: ThreadWatch) {
  let worker: Worker | null = null
  let looking: NodeJS.Timeout | null = null
  let restarting: NodeJS.Timeout | null = null
  let restartMs = RESTART_MS.first
  let ended: Promise<void> = Promise.resolve()
  let stopping = false

  const post = (message: ToPipeline): void => worker?.postMessage(message)

  const start = (): void => {
    // The flag of the start command is for the main thread, which has read it; it would win here too.
    setFlagsFromString('--max-semi-space-size=0')
    const resourceLimits = { maxYoungGenerationSizeMb: YOUNG_MB, maxOldGenerationSizeMb: OLD_MB }
    const started = new Worker(script, { workerData: order, resourceLimits })
    worker = started
    started.once('online', watch.lives)
    started.on('message', (message: FromPipeline) => {
      restartMs = RESTART_MS.first
      watch.hear(message)
    })
    started.on('error', (error) => watch.died(error, restartMs))
    ended = new Promise((resolve) => {
      started.once('exit', () => {
        worker = null
        resolve()
        if (stopping) return
        restarting = setTimeout(start, restartMs)
        restarting.unref()
        restartMs = Math.min(RESTART_MS.most, restartMs * 2)
      })
    })
  }

  return {
    /** There may be something new in the log. */
    look(): void {
      if (worker === null || looking !== null) return
      looking = setTimeout(() => {
        looking = null
        post('look')
        void watch.look()
      }, GATHER_MS)
      looking.unref()
    },

    begin(): Stop {
      start()
      return async () => {
        stopping = true
        if (looking !== null) clearTimeout(looking)
        if (restarting !== null) clearTimeout(restarting)
        post('stop')
        await ended
      }
    },
  }
}
