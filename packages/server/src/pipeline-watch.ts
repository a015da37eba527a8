import type { FromPipeline } from './pipeline-messages.ts'
import type { Logger, Metrics, Stop } from './platform/platform.ts'

export type WatchParts = {
  readonly logger: Logger
  readonly metrics: Metrics
  /** The newest offset of the log. */
  readonly head: () => Promise<number>
}

/** Which consumers this process runs; those of others are in the metrics of others. */
export type WatchedStages = {
  readonly quality: boolean
  readonly sinks: boolean
  readonly relay: boolean
  /** Quality works on Kafka, and the minutes are counted elsewhere. */
  readonly isOnKafka: boolean
}

const STAGES = { quality: ['quality', 'loss', 'windows'], sinks: ['lake'] } as const
/** Of quality, where it follows Kafka; its steps are counted in records. */
const ON_KAFKA = { offsets: ['loss'], records: ['split', 'enrich'] } as const
/** How often the end of the log is looked for where other processes write it. */
const LOOK_MS = 5_000

/** Makes what the consumers tell visible: a bug in one of them is loud, and HTTP goes on. */
export function createWatch({ logger, metrics, head }: WatchParts, runs: WatchedStages) {
  const counting: readonly string[] = runs.isOnKafka ? ON_KAFKA.offsets : STAGES.quality
  const stages = [
    ...(runs.quality ? counting : []),
    ...(runs.sinks ? STAGES.sinks : []),
    ...(runs.relay ? ['relay'] : []),
  ]
  const offsets = new Map<string, number>(stages.map((stage) => [stage, 0]))
  const failing = new Set<string>()
  const listeners = new Set<() => void>()
  const failed = metrics.counter('consumer_failures_total', 'Steps of consumers that failed.')
  let newest = 0

  metrics.gauge('consumers_failing', 'Consumers that fail and try again.', () => failing.size)
  for (const stage of stages) {
    const lag = () => Math.max(0, newest - (offsets.get(stage) ?? 0))
    metrics.gauge(`${stage}_lag_events`, `Offsets of the log that ${stage} has not seen.`, lag)
  }

  const records = new Map(
    (runs.quality && runs.isOnKafka ? ON_KAFKA.records : []).map((stage) => [
      stage as string,
      metrics.counter(`${stage}_records_total`, `Records of Kafka that ${stage} has taken.`),
    ]),
  )

  const look = async (): Promise<void> => {
    newest = await head().catch(() => newest)
  }

  return {
    /** Calls after each step of the windows. */
    onChange(listener: () => void): () => void {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },

    hear(message: FromPipeline): void {
      const { stage } = message
      switch (message.kind) {
        case 'step':
          offsets.set(stage, message.offset)
          newest = Math.max(newest, message.offset)
          if (stage === 'windows') for (const listener of listeners) listener()
          return
        case 'taken':
          records.get(stage)?.(message.records)
          return
        case 'recovery':
          failing.delete(stage)
          logger.info({ stage }, 'a consumer works again')
          return
        case 'failure': {
          failing.add(stage)
          failed()
          const { error, againMs } = message
          logger.error({ stage, error, againMs }, 'a consumer failed, and tries the same again')
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

export type Watch = ReturnType<typeof createWatch>
