import type { Verdict } from '@questline/contracts'
import type { Config } from '../config/config.ts'
import type { KafkaWork } from '../kafka/kafka.ts'
import {
  type Clock,
  createLogger,
  type Logger,
  type Random,
  systemClock,
  systemRandom,
} from '../platform/platform.ts'
import type { Store } from '../store/store.ts'
import type { Tracing } from '../tracing/tracing.ts'

/** What the outside world is made of; tests replace parts of it. */
export type World = {
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  /** Wraps the store, to count, delay or kill at a step of a commit. */
  readonly decorateStore: (store: Store) => Store
  readonly onCommit: (writes: number, durationMs: number) => void
  /** What became of the events of a request. */
  readonly onVerdicts: (verdicts: readonly Verdict[]) => void
  readonly onKafka: (work: KafkaWork) => void
  /** Null when off. */
  readonly tracing: Tracing | null
  /** The disk cannot be trusted any more: acknowledge nothing further and leave. */
  readonly onFatal: (error: Error) => void
}

export const theWorld = (config: Config): World => {
  const logger = createLogger(config.logLevel)
  return {
    clock: systemClock,
    random: systemRandom(),
    logger,
    decorateStore: (store) => store,
    onCommit: () => undefined,
    onVerdicts: () => undefined,
    onKafka: () => undefined,
    tracing: null,
    onFatal: (error) => {
      logger.error({ err: error }, 'the database cannot be trusted any more, leaving')
      process.exit(70)
    },
  }
}
