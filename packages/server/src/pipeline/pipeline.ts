// What the server does with its events once they are in the log: which consumers its roles name, in
// which thread or process each of them runs, how they are watched, and what HTTP shows of them.
// What a consumer does with a batch is its own folder's matter: quality/, windows/, lake/, forward/.
import { type Batch, consumersOf, openAnalytics } from '../analytics/analytics.ts'
import type { Books } from '../books/books.ts'
import { analyticsSettings } from '../config/analytics-settings.ts'
import type { Config } from '../config/config.ts'
import type { LiveNumbers } from '../http/http.ts'
import { registerLake } from '../lake/lake.ts'
import { receivedAfter, unloggedNumbers } from '../log/log.ts'
import type { Metrics, Stop } from '../platform/platform.ts'
import { arrivedMinutes } from '../quality/quality.ts'
import { newestPosition, nextChanges, readKpi, readLoss } from '../windows/windows.ts'
import { createChangeWatch } from './change-watch.ts'
import { BATCH_EVENTS } from './consumers.ts'
import { measureLake } from './measure-stages.ts'
import type { PipelineOrder, StreamOrder } from './messages.ts'
import { readingLake } from './open-lake.ts'
import { loadRules } from './quality-rules.ts'
import { createSinks } from './sinks.ts'
import { createThread } from './thread.ts'
import { createWatch, type WatchedStages } from './watch.ts'

/** What the server does with its events once they are in the log. */
export type Pipeline = {
  /** What HTTP shows of it. */
  readonly numbers: LiveNumbers
  /** What somebody should look at, one sentence each. */
  alarms(): readonly string[]
  /** The log may have grown. */
  look(): void
  /** Starts the consumers; the result stops them, and waits for the step in progress. */
  begin(): Promise<Stop>
  /** After `begin` was stopped. */
  close(): Promise<void>
}

export async function createPipeline(
  { config, world, log, store: books }: Books,
  metrics: Metrics,
): Promise<Pipeline> {
  const rules = loadRules(config.quality.rulesFile)
  const analytics = analyticsSettings(config)
  const parts = { now: world.clock.now, random: world.random }
  const store = await openAnalytics(parts, analytics.place)
  await registerLake(store)
  const unlogged = (offsets: Batch) => unloggedNumbers(books.read, offsets)
  const runs = stagesOf(config)
  const watch = createWatch(
    {
      ...{ logger: world.logger, metrics, now: world.clock.now, head: log.head },
      onKafka: world.onKafka,
      receivedAfter: (offset) => receivedAfter(books.read, offset),
    },
    runs,
  )
  const { database } = config.store
  const order: PipelineOrder = {
    ...{ database, analytics, rules, batchEvents: BATCH_EVENTS },
    lake: readingLake(config.lake, analytics.file, 'consumers'),
    tracing: config.tracing,
  }
  const threads = threadsOf(config, runs, order).map(({ script, order }) =>
    createThread(new URL(script, import.meta.url), order, watch),
  )
  // Loaded when somebody asks, since most who serve players never read a file of the lake.
  const lakeTopics = async () =>
    (await import('../lake/lake.ts')).lakeStats(config.lake.folder).topics
  if (runs.sinks) measureLake(metrics, lakeTopics)
  const sinks = runs.sinks
    ? createSinks(
        { analytics: store, clock: world.clock, logger: world.logger, metrics, watch },
        {
          ...{ database, analytics, lake: config.lake, forward: config.forward },
          kafka: config.kafka,
          refusedKeptMs: config.ingest.refusedKeptMs,
        },
      )
    : null
  // Another process may be the one that counts: its changes are seen in the table.
  const onChange =
    analytics.place.kind === 'postgres' ? createChangeWatch(store.read) : watch.onChange
  return {
    numbers: {
      windows: (query) => readKpi(store.read, query),
      changes: (after, filter) => nextChanges(store.read, after, filter),
      newest: () => newestPosition(store.read),
      arrivals: (range) => arrivedMinutes(books.read, store.read, range),
      consumers: () => consumersOf(store.read),
      loss: (app) => readLoss(store.read, unlogged, app),
      onChange,
    },
    alarms: () => sinks?.alarms() ?? [],
    look: () => {
      for (const thread of threads) thread.look()
    },
    async begin() {
      if (!config.quality.consumers) return async () => undefined
      const stops = [
        ...(sinks ? [sinks.begin()] : []),
        ...threads.map((thread) => thread.begin()),
        ...(runs.sinks || threads.length > 0 ? [watch.begin()] : []),
      ]
      // What is counted last is flushed into the lake.
      return async () => {
        for (const stop of stops.toReversed()) await stop()
      }
    },
    close: () => store.close(),
  }
}

/** Which consumers run in this process. */
const stagesOf = ({ roles, kafka, forward }: Config): WatchedStages => ({
  quality: roles.includes('quality'),
  sinks: roles.includes('lake'),
  // On Kafka it follows partitions, and not offsets of the log.
  forward: roles.includes('lake') && forward.kind !== 'off' && kafka === null,
  relay: roles.includes('relay'),
  isOnKafka: kafka !== null,
})

/** The threads of this process, apart from those of the sinks. */
function threadsOf(
  { kafka, lake, ingest }: Config,
  { quality, relay }: WatchedStages,
  order: PipelineOrder,
): readonly { readonly script: string; readonly order: PipelineOrder }[] {
  if (kafka === null) return quality ? [{ script: './consumers-worker.ts', order }] : []
  const onKafka: StreamOrder = {
    ...{ ...order, kafka, idsKeptMs: lake.logKeptMs },
    refusedKeptMs: ingest.refusedKeptMs,
  }
  return [
    ...(relay ? [{ script: './relay-worker.ts', order: onKafka }] : []),
    ...(quality ? [{ script: './stream-worker.ts', order: onKafka }] : []),
  ]
}
