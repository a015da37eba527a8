import type { KafkaWork } from '../kafka/kafka.ts'
import { type Logger, type Metrics, type Stop, toInstant } from '../platform/platform.ts'
import { type Lag, type Lags, measureStages } from './measure-stages.ts'
import type { FromPipeline } from './messages.ts'

export type WatchParts = {
  readonly logger: Logger
  readonly metrics: Metrics
  /** The newest offset of the log. */
  readonly head: () => Promise<number>
  /** When what follows an offset of the log was received; null at its end. */
  readonly receivedAfter: (offset: number) => Promise<number | null>
  /** Counts what threads have asked of Kafka. */
  readonly onKafka: (work: KafkaWork) => void
  /** Wall clock, milliseconds since the epoch. */
  readonly now: () => number
}

/** Which consumers this process runs; those of others are in the metrics of others. */
export type WatchedStages = {
  readonly quality: boolean
  readonly sinks: boolean
  readonly forward: boolean
  readonly relay: boolean
  /** Quality works on Kafka, and the minutes are counted elsewhere. */
  readonly isOnKafka: boolean
}

const STAGES = { quality: ['quality', 'loss', 'windows'], sinks: ['lake'] } as const
/** Of quality, where it follows Kafka; how far its steps are they tell themselves. */
const ON_KAFKA = ['loss'] as const
/** How often the end of the log is looked for where other processes write it. */
const LOOK_MS = 5_000

/** Makes what the consumers tell visible: a bug in one of them is loud, and HTTP goes on. */
export function createWatch(
  { logger, metrics, head, receivedAfter, now, onKafka }: WatchParts,
  runs: WatchedStages,
) {
  const counting: readonly string[] = runs.isOnKafka ? ON_KAFKA : STAGES.quality
  const stages = [
    ...(runs.quality ? counting : []),
    ...(runs.sinks ? STAGES.sinks : []),
    ...(runs.forward ? ['forward'] : []),
    ...(runs.relay ? ['relay'] : []),
  ]
  const offsets = new Map<string, number>(stages.map((stage) => [stage, 0]))
  const failing = new Set<string>()
  const listeners = new Set<() => void>()
  const failed = metrics.counter('consumer_failures_total', 'Steps of consumers that failed.')
  let newest = 0

  metrics.gauge('consumers_failing', 'Consumers that fail and try again.', () => failing.size)
  const ofGroups = new Map<string, Lag>()
  const look = async (): Promise<void> => {
    newest = await head().catch(() => newest)
  }
  const secondsBehind = createAges({ receivedAfter, now })
  const lags = async (): Promise<Lags> => {
    const all = new Map(ofGroups)
    for (const [stage, offset] of offsets) {
      const seconds = offset < newest ? await secondsBehind(stage, offset) : 0
      all.set(stage, { events: Math.max(0, newest - offset), seconds })
    }
    return all
  }
  const tellers = [measureStages(metrics, onKafka, lags), createLeaseLog(logger, now)]

  return {
    /** Calls after each step of the windows. */
    onChange(listener: () => void): () => void {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },

    hear(message: FromPipeline): void {
      const { stage } = message
      for (const tell of tellers) tell(message)
      switch (message.kind) {
        case 'step':
          offsets.set(stage, message.offset)
          newest = Math.max(newest, message.offset)
          if (stage === 'windows') for (const listener of listeners) listener()
          return
        case 'lag':
          ofGroups.set(stage, message)
          return
        case 'recovery':
          failing.delete(stage)
          logger.info({ stage }, 'a consumer works again')
          return
        case 'failure': {
          failing.add(stage)
          failed()
          const { error, againMs } = message
          logger.error(
            { stage, offset: offsets.get(stage), error, againMs },
            'a consumer failed, and tries the same again',
          )
        }
      }
    },

    /** The thread itself, with all consumers in it. */
    died(error: unknown, againMs: number): void {
      failing.add('thread')
      failed()
      logger.error({ err: error, againMs }, 'the thread of the consumers died, another one follows')
    },
    lives: (): void => void failing.delete('thread'),
    /** Asks how far the log is. */
    look,

    /** From now on it asks by itself too; the result ends that. */
    begin(): Stop {
      const timer = setInterval(() => void look(), LOOK_MS)
      timer.unref()
      return async () => clearInterval(timer)
    },
  }
}

/** Says which process does what only one may do, and from when to when it did. */
function createLeaseLog(logger: Logger, now: () => number) {
  const since = new Map<string, string>()
  return (message: FromPipeline): void => {
    if (message.kind !== 'lease') return
    const { stage, isHeld } = message
    const at = toInstant(now())
    const from = since.get(stage)
    if (isHeld) {
      since.set(stage, at)
      logger.info({ stage, lease: 'held', since: at }, 'this process does it')
    } else if (from === undefined) {
      logger.info({ stage, lease: 'elsewhere' }, 'another process does it')
    } else {
      since.delete(stage)
      logger.info({ stage, lease: 'lost', since: from, until: at }, 'this process does it no more')
    }
  }
}

/** How old, in seconds, what a stage has not seen is at the most. */
function createAges({ receivedAfter, now }: Pick<WatchParts, 'receivedAfter' | 'now'>) {
  const oldest = new Map<string, number>()
  return async (stage: string, offset: number): Promise<number> => {
    const at = await receivedAfter(offset).catch(() => null)
    if (at !== null) oldest.set(stage, at)
    // A database that does not answer makes nothing younger.
    return Math.max(0, now() - (at ?? oldest.get(stage) ?? now())) / 1_000
  }
}

export type Watch = ReturnType<typeof createWatch>
