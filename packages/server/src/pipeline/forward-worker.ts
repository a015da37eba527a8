import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { createStage, openAnalytics, openLeases } from '../analytics/analytics.ts'
import { openKafka } from '../books/open-kafka.ts'
import type { KafkaConfig } from '../config/kafka-settings.ts'
import { readPrivateKey } from '../config/sink-settings.ts'
import {
  createFirehose,
  createForwardConsumer,
  createForwardStep,
  createMock,
  createSnowflake,
  FORWARD,
  FORWARD_GROUP,
  type Sink,
} from '../forward/forward.ts'
import { newestOffset } from '../log/log.ts'
import { systemClock } from '../platform/clock.ts'
import { systemRandom } from '../platform/random.ts'
import { follow } from '../quality-kafka/quality-kafka.ts'
import { openStore, type Store } from '../store/store.ts'
import type { FromPipeline } from './messages.ts'
import { readingLake } from './open-lake.ts'
import { runStages } from './run-stages.ts'
import type { ForwardOrder, FromForward } from './sinks-messages.ts'
import { createWholeLog } from './whole-log.ts'

// The thread that sends events on, beside the one that counts: a service that is away holds up no number.

const CONNECTIONS_MAX = 2
/** It reads the log from front to back, each page once. */
const CACHE_MB = 2
/**
 * Of a step, in events of the log and in bytes of a partition of Kafka. Snowflake commits within seconds
 * whatever the number of rows, so there one step takes more of them.
 */
const STEP = {
  firehose: { events: 2_000, bytes: 1_024 * 1_024 },
  snowflake: { events: 20_000, bytes: 4 * 1_024 * 1_024 },
} as const
const WAIT_MS = 250

/** What both ways have in common. */
type Going = {
  readonly order: ForwardOrder
  readonly sink: Sink
  readonly analytics: Store
  readonly port: MessagePort
  readonly signal: AbortSignal
}

async function run(order: ForwardOrder, port: MessagePort): Promise<void> {
  const random = systemRandom()
  const analytics = await openAnalytics({ now: systemClock.now, random }, order.analytics.place)
  const ending = new AbortController()
  port.on('message', (message) => {
    if (message === 'stop') ending.abort()
  })
  const sink = await openSink(order.forward)
  const going = { order, sink, analytics, port, signal: ending.signal }
  await (order.kafka === null ? forwardLog(going) : forwardKafka(going, order.kafka))
  sink.close()
  await analytics.close()
  port.close()
}

/** From the log: of all that run one does, whoever holds the lease. */
async function forwardLog(going: Going): Promise<void> {
  const { order, analytics, port } = going
  const { database, lake, analytics: place } = order
  const random = systemRandom()
  const books = openStore(
    { random, onIdleError: () => undefined },
    database.kind === 'postgres'
      ? { ...database, connectionsMax: CONNECTIONS_MAX }
      : { ...database, cacheMb: CACHE_MB },
  )
  const leases = openLeases(
    { store: analytics, monotonic: systemClock.monotonic, random, file: place.file },
    place.place,
  )
  const wholeLog = createWholeLog(books.read, readingLake(lake, place.file, 'forward'))
  const consumer = createForwardConsumer({
    ...partsOf(going),
    nextPage: wholeLog.nextPage,
    newest: () => newestOffset(books.read),
  })
  const { events } = stepOf(order)
  const stage = createStage({ store: analytics, leases }, consumer, { events })
  await stage.register()
  await runStages([stage], port)
  await books.close()
}

/** From Kafka: each that runs takes its share of the partitions. */
async function forwardKafka(going: Going, settings: KafkaConfig): Promise<void> {
  const { order, analytics, port, signal } = going
  const { topicPrefix, foreignApp } = settings
  const { kafka, topics } = await openKafka(settings, 'forward')
  const post = (message: FromPipeline): void => port.postMessage(message)
  const step = createForwardStep(
    { ...partsOf(going), kafka, analytics, now: systemClock.now },
    { topic: topics['events-raw'], foreignApp },
  )
  const hooks = {
    onStep: (records: number) => post({ kind: 'taken', stage: FORWARD, records }),
    onRecovery: () => post({ kind: 'recovery', stage: FORWARD }),
    onFailure(error: unknown, againMs: number) {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
      post({ kind: 'failure', stage: FORWARD, error: text, againMs })
    },
  }
  await follow(
    { kafka, step, hooks, monotonic: systemClock.monotonic },
    {
      ...{ group: `${topicPrefix}${FORWARD_GROUP}`, topic: topics['events-raw'] },
      ...{ bytes: stepOf(order).bytes, waitMs: WAIT_MS },
    },
    signal,
  )
  await kafka.close()
}

const partsOf = ({ sink, port, signal }: Going) => ({
  ...{ sink, signal, random: systemRandom() },
  onBacklog(receivedAt: number | null): void {
    port.postMessage({ kind: 'backlog', receivedAt } satisfies FromForward)
  },
})

const stepOf = ({ forward }: ForwardOrder) =>
  forward.kind === 'snowflake' ? STEP.snowflake : STEP.firehose

async function openSink(forward: ForwardOrder['forward']): Promise<Sink> {
  switch (forward.kind) {
    case 'firehose':
      return createFirehose(forward)
    case 'snowflake': {
      const { account, user, keyFile, passphrase } = forward
      const login = { account, user, privateKey: readPrivateKey(keyFile, passphrase) }
      return createSnowflake({ login, now: systemClock.now }, forward)
    }
    case 'mock':
      return createMock(forward.stream, (text) => void process.stdout.write(text))
  }
}

// Sound because only sinks.ts starts this file.
if (parentPort) await run(workerData as ForwardOrder, parentPort)
