import { setTimeout as sleep } from 'node:timers/promises'
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { type Batch, createStage, openAnalytics, openLeases } from '../analytics/analytics.ts'
import { type OpenedKafka, openKafka } from '../books/open-kafka.ts'
import { unloggedNumbers } from '../log/log.ts'
import { systemClock } from '../platform/clock.ts'
import { systemRandom } from '../platform/random.ts'
import {
  createEnrichStep,
  createSplitStep,
  ENRICH_GROUP,
  type FollowHooks,
  follow,
  lagOf,
  SPLIT_GROUP,
  type Step,
  sweepStreams,
} from '../quality-kafka/quality-kafka.ts'
import { openStore, type Store } from '../store/store.ts'
import { openTracing, type Tracing } from '../tracing/tracing.ts'
import { createLoss } from '../windows/windows.ts'
import type { FromPipeline, StreamOrder, ToPipeline } from './messages.ts'
import { runStages } from './run-stages.ts'
import { tracedStep } from './traced-stages.ts'
import { createWholeLog } from './whole-log.ts'
import { createWindowTraces, expectedInWindows, type WindowTraces } from './window-traces.ts'

// The thread of quality where the log goes through Kafka: one replica of both steps. What devices have
// lost is counted from the log itself, by whichever node holds the lease.

const CONNECTIONS_MAX = 2
/** Of each partition at a time: some thousand events. */
const FETCH = { bytes: 1_024 * 1_024, waitMs: 250 }
const SWEEP_MS = 3_600_000
const LAG_MS = 10_000
const LOOK_MS = 1_000

async function run(order: StreamOrder, port: MessagePort): Promise<void> {
  const random = systemRandom()
  const analytics = await openAnalytics({ now: systemClock.now, random }, order.analytics.place)
  const opened = await openKafka(order.kafka, 'quality', {
    monotonic: systemClock.monotonic,
    tell: (work) =>
      port.postMessage({ kind: 'kafka', stage: 'quality', ...work } satisfies FromPipeline),
  })
  const stopping = new AbortController()
  port.on('message', (message: ToPipeline) => {
    if (message === 'stop') stopping.abort()
  })
  const { signal } = stopping
  const tracing = await openTracing(order.tracing, 'quality')
  const { now } = systemClock
  const { read } = analytics
  const traces = tracing === null ? null : createWindowTraces({ tracing, read, now })
  await Promise.all([
    runSteps(order, opened, { analytics, tracing, traces }, port, signal),
    followTraces(traces, signal),
    countLoss(order, analytics, port),
    watchLag(order, opened, port, signal),
    sweep(order, analytics, signal),
  ])
  await tracing?.close()
  await opened.kafka.close()
  await analytics.close()
  port.close()
}

type StepParts = {
  readonly analytics: Store
  /** Both null when nothing is traced. */
  readonly tracing: Tracing | null
  readonly traces: WindowTraces | null
}

async function runSteps(
  { kafka: settings, rules }: StreamOrder,
  { kafka, topics }: OpenedKafka,
  { analytics, tracing, traces }: StepParts,
  port: MessagePort,
  signal: AbortSignal,
): Promise<void> {
  const { topicPrefix: prefix, foreignApp } = settings
  const { monotonic } = systemClock
  const post = (message: FromPipeline): void => port.postMessage(message)
  const start = (stage: string, step: Step, group: string, topic: string): Promise<void> =>
    follow(
      {
        kafka,
        step: toldStep(stage, tracedStep(stage, step, tracing, systemClock.now), port),
        hooks: hooksOf(stage, port),
        monotonic,
      },
      { group: `${prefix}${group}`, topic, ...FETCH },
      signal,
    )
  const split = createSplitStep(
    { kafka, now: systemClock.now },
    { topics, prefix, rules, foreignApp },
  )
  const enrich = createEnrichStep(
    {
      ...{ kafka, analytics },
      onRejected: (reason) => post({ kind: 'rejected', stage: 'enrich', reason, events: 1 }),
    },
    { topics, rules },
  )
  await Promise.all([
    start('split', split, SPLIT_GROUP, topics['events-raw']),
    start('enrich', expectedInWindows(enrich, traces), ENRICH_GROUP, topics['events-by-player']),
  ])
}

/** Flink writes the minutes, and tells nobody. */
async function followTraces(traces: WindowTraces | null, signal: AbortSignal): Promise<void> {
  while (traces !== null && !signal.aborted) {
    // Where the database does not answer, the stages themselves say so.
    await traces.look().catch(() => undefined)
    await sleep(LOOK_MS, undefined, { signal }).catch(() => undefined)
  }
}

/** Tells what each of its batches took. */
const toldStep = (stage: string, step: Step, port: MessagePort): Step => ({
  ...step,
  async take(taken) {
    const beganAt = systemClock.monotonic()
    await step.take(taken)
    const events = taken.reduce((sum, { records }) => sum + records.length, 0)
    const ms = systemClock.monotonic() - beganAt
    if (events === 0) return
    port.postMessage({ kind: 'batch', stage, events, ms, commitMs: null } satisfies FromPipeline)
  },
})

/** How far the groups are behind: of all replicas together, so each of them may say it. */
async function watchLag(
  { kafka: { topicPrefix } }: StreamOrder,
  { kafka, topics }: OpenedKafka,
  port: MessagePort,
  signal: AbortSignal,
): Promise<void> {
  const followed = [
    { stage: 'split', group: SPLIT_GROUP, topic: topics['events-raw'] },
    { stage: 'enrich', group: ENRICH_GROUP, topic: topics['events-by-player'] },
  ]
  while (!signal.aborted) {
    for (const { stage, group, topic } of followed) {
      const of = { group: `${topicPrefix}${group}`, topic }
      // Where Kafka does not answer, the stages themselves say so.
      const lag = await lagOf(kafka, of, systemClock.now()).catch(() => null)
      if (lag !== null) port.postMessage({ kind: 'lag', stage, ...lag } satisfies FromPipeline)
    }
    await sleep(LAG_MS, undefined, { signal }).catch(() => undefined)
  }
}

function hooksOf(stage: string, port: MessagePort): FollowHooks {
  const post = (message: FromPipeline): void => port.postMessage(message)
  return {
    onStep: () => undefined,
    onRecovery: () => post({ kind: 'recovery', stage }),
    onFailure: (error, againMs) => {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
      post({ kind: 'failure', stage, error: text, againMs })
    },
  }
}

async function countLoss(order: StreamOrder, analytics: Store, port: MessagePort): Promise<void> {
  const { database, analytics: place, lake } = order
  const random = systemRandom()
  const books = openStore(
    { random, onIdleError: () => undefined },
    database.kind === 'postgres' ? { ...database, connectionsMax: CONNECTIONS_MAX } : database,
  )
  const leases = openLeases(
    { store: analytics, monotonic: systemClock.monotonic, random, file: place.file },
    place.place,
  )
  const { nextPage } = createWholeLog(books.read, lake)
  const unlogged = (offsets: Batch) => unloggedNumbers(books.read, offsets)
  const parts = { store: analytics, leases, monotonic: systemClock.monotonic }
  const loss = createStage(parts, createLoss({ nextPage, unlogged }), {
    events: order.batchEvents,
  })
  await loss.register()
  await runStages([loss], port)
  await books.close()
}

/** Ids are kept as long as the log keeps those of the door. */
async function sweep(
  { idsKeptMs, refusedKeptMs }: StreamOrder,
  analytics: Store,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const now = systemClock.now()
    const before = { ids: now - idsKeptMs, refused: now - refusedKeptMs }
    await sweepStreams(analytics, before).catch(() => undefined)
    await sleep(SWEEP_MS, undefined, { signal }).catch(() => undefined)
  }
}

// Sound because only pipeline.ts starts this file.
if (parentPort) await run(workerData as StreamOrder, parentPort)
