import type { Store, Tx } from './port.ts'
import { StoreFailure } from './port.ts'

/**
 * One kind of write. `apply` gets all inputs of this kind that arrived together, in the order of
 * their arrival, reads what it needs, decides each, writes, and returns one output per input.
 * It may run more than once, so it has no effect but through `tx`.
 */
export type Work<I, O> = {
  readonly name: string
  /** How many ordinary writes an input takes the time of, where that may be many. */
  weigh?(input: I): number
  apply(tx: Tx, inputs: readonly I[]): Promise<readonly O[]>
}

export type WriterStats = {
  /** Requests that wait for a commit. */
  readonly depth: number
  /** How long the oldest of them has waited, milliseconds. */
  readonly oldestMs: number
  /** Commits so far, and the writes in them. */
  readonly commits: number
  readonly committed: number
}

export interface Writer {
  /** Resolves after the commit that holds this write. */
  submit<I, O>(work: Work<I, O>, input: I): Promise<O>
  stats(): WriterStats
  /** Resolves when everything submitted so far is answered. */
  drain(): Promise<void>
}

type Job = {
  readonly work: Work<unknown, unknown>
  readonly input: unknown
  readonly weight: number
  readonly submittedMs: number
  resolve(output: unknown): void
  reject(error: unknown): void
}

export type WriterSettings = {
  /** Writes in one commit at the most, a heavy one counted by its weight. 1 gives one commit per request, the yardstick of bench/earn. */
  readonly commitWritesMax: number
}

export type WriterParts = {
  readonly store: Store
  readonly monotonic: () => number
  /** Called once when the disk cannot be trusted any more. */
  readonly onFatal: (error: StoreFailure) => void
  readonly onCommit?: (writes: number, durationMs: number) => void
}

/**
 * How long a write waits for others to join it at the most: half of what the last commit took, within
 * these bounds. A commit takes 0.3 ms on a fast disk, 3 on a slow one. On one that takes 150, and with
 * one new connection accepted in each turn of the event loop, 300 first requests took 129 commits when
 * none waited for more than 2 ms; now they take 5. One commit that hangs makes no later one late.
 */
const GATHER_MS_MAX = { least: 2, most: 100 }
const gatherMs = (lastCommitMs: number): number =>
  Math.min(GATHER_MS_MAX.most, Math.max(GATHER_MS_MAX.least, lastCommitMs / 2))

/**
 * Group commit: writes that arrive while a commit is under way share the next one, so that the
 * cost of a sync is divided among them and shrinks to one write's when the server is idle.
 */
export function createWriter(parts: WriterParts, settings: WriterSettings): Writer {
  const { store, monotonic } = parts
  let queue: Job[] = []
  let running = false
  let commits = 0
  let committed = 0
  const idle: (() => void)[] = []
  let lastCommitMs = 0
  let fatal: StoreFailure | undefined

  /** Commits all jobs together; if that fails for a reason of one of them, in halves, until that one fails alone. */
  const commit = async (jobs: readonly Job[]): Promise<void> => {
    if (fatal) return rejectAll(jobs, fatal)
    const startedMs = monotonic()
    const result = await attempt(store, jobs)
    lastCommitMs = monotonic() - startedMs
    if ('outputs' in result) {
      commits += 1
      committed += jobs.length
      jobs.forEach((job, index) => {
        job.resolve(result.outputs[index])
      })
      parts.onCommit?.(jobs.length, lastCommitMs)
      return
    }
    const { error } = result
    const isOfTheStore = error instanceof StoreFailure && error.kind !== 'bug'
    if (!isOfTheStore && jobs.length > 1) {
      const half = Math.ceil(jobs.length / 2)
      await commit(jobs.slice(0, half))
      return commit(jobs.slice(half))
    }
    rejectAll(jobs, error)
    if (isOfTheStore && error.kind === 'fatal') {
      // Whatever the disk says from here on may be untrue, so nothing that waits is tried.
      fatal = error
      rejectAll(queue.splice(0), error)
      parts.onFatal(error)
    }
  }

  const gather = () => {
    const untilMs = monotonic() + gatherMs(lastCommitMs)
    const mayWait = () => queue.length < settings.commitWritesMax && monotonic() < untilMs
    return untilSettled(() => queue.length, mayWait)
  }

  const pump = async (): Promise<void> => {
    await gather()
    while (queue.length > 0) {
      const batch = queue.slice(0, withinWeight(queue, settings.commitWritesMax))
      queue = queue.slice(batch.length)
      await commit(batch)
      await gather()
    }
    running = false
    for (const done of idle.splice(0)) done()
  }

  return {
    submit<I, O>(work: Work<I, O>, input: I): Promise<O> {
      if (fatal) return Promise.reject(fatal)
      return new Promise<O>((resolve, reject) => {
        queue.push({
          work: work as Work<unknown, unknown>,
          input,
          weight: work.weigh?.(input) ?? 1,
          submittedMs: monotonic(),
          resolve: resolve as (output: unknown) => void,
          reject,
        })
        if (running) return
        running = true
        void pump()
      })
    },
    stats: () => ({
      depth: queue.length,
      oldestMs: queue[0] === undefined ? 0 : monotonic() - queue[0].submittedMs,
      commits,
      committed,
    }),
    drain: () => (running ? new Promise((resolve) => idle.push(resolve)) : Promise.resolve()),
  }
}

/** How many jobs at the head of the queue weigh no more than `max` together; at least one. */
function withinWeight(queue: readonly Job[], max: number): number {
  let weight = 0
  const beyond = queue.findIndex((job) => {
    weight += job.weight
    return weight > max
  })
  return beyond < 0 ? queue.length : Math.max(1, beyond)
}

/**
 * Waits while each turn of the event loop brings more writes: those that were answered together
 * come back together, and one commit for all of them costs what one for the first of them would.
 */
async function untilSettled(depth: () => number, mayWait: () => boolean): Promise<void> {
  let before: number
  do {
    before = depth()
    // At least once, so that the answers of the last commit leave before the next one.
    await new Promise(setImmediate)
  } while (depth() !== before && mayWait())
}

type Attempt = { readonly outputs: readonly unknown[] } | { readonly error: unknown }

const attempt = (store: Store, jobs: readonly Job[]): Promise<Attempt> =>
  store
    .transaction((tx) => applyAll(tx, jobs))
    .then(
      (outputs) => ({ outputs }),
      (error: unknown) => ({ error }),
    )

function rejectAll(jobs: readonly Job[], error: unknown): void {
  for (const job of jobs) job.reject(error)
}

/** Runs the jobs grouped by kind, and puts the outputs back into the jobs' order. */
async function applyAll(tx: Tx, jobs: readonly Job[]): Promise<unknown[]> {
  const byWork = new Map<Work<unknown, unknown>, number[]>()
  jobs.forEach((job, index) => {
    const indexes = byWork.get(job.work)
    if (indexes) indexes.push(index)
    else byWork.set(job.work, [index])
  })
  const outputs: unknown[] = new Array(jobs.length)
  for (const [work, indexes] of byWork) {
    const results = await work.apply(
      tx,
      indexes.map((index) => jobs[index]?.input),
    )
    if (results.length !== indexes.length) throw new Error(`${work.name} lost an output`)
    indexes.forEach((index, position) => {
      outputs[index] = results[position]
    })
  }
  return outputs
}
