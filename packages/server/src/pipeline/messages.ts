import type { AnalyticsSettings } from '../config/analytics-settings.ts'
import type { Config } from '../config/config.ts'
import type { KafkaConfig } from '../config/kafka-settings.ts'
import type { KafkaWork } from '../kafka/kafka.ts'
import type { RawSettings } from '../lake/lake.ts'
import type { Rule } from '../quality/quality.ts'
import type { TracingSettings } from '../tracing/tracing.ts'

/** What the thread of the consumers is told when it begins. */
export type PipelineOrder = {
  readonly database: Config['store']['database']
  readonly analytics: AnalyticsSettings
  readonly rules: readonly Rule[]
  readonly batchEvents: number
  /** Where events are that have left the log's table. */
  readonly lake: RawSettings
  readonly tracing: TracingSettings | null
}

/** The same for the threads of the log that goes through Kafka. */
export type StreamOrder = PipelineOrder & {
  readonly kafka: KafkaConfig
  /** How long a second event of an id can be told where it does not go through the books. */
  readonly idsKeptMs: number
  /** How long it stays in a table, after its receipt, that quality has refused an event. */
  readonly refusedKeptMs: number
}

/** To the thread: there may be something new in the log; or: end. */
export type ToPipeline = 'look' | 'stop'

export type FromPipeline =
  | { readonly kind: 'step'; readonly stage: string; readonly offset: number }
  /** Records of Kafka, where nobody has measured more. */
  | { readonly kind: 'taken'; readonly stage: string; readonly records: number }
  /** A step took so many offsets of the log, or records of Kafka. */
  | {
      readonly kind: 'batch'
      readonly stage: string
      readonly events: number
      readonly ms: number
      /** Of these, what the transaction at its end took; null where it has none of its own. */
      readonly commitMs: number | null
    }
  /** Whether this process is the one that does it. */
  | { readonly kind: 'lease'; readonly stage: string; readonly isHeld: boolean }
  /** How far a group is behind on Kafka. */
  | {
      readonly kind: 'lag'
      readonly stage: string
      readonly events: number
      readonly seconds: number
    }
  | {
      readonly kind: 'rejected'
      readonly stage: string
      readonly reason: string
      readonly events: number
    }
  | ({ readonly kind: 'kafka'; readonly stage: string } & KafkaWork)
  | { readonly kind: 'recovery'; readonly stage: string }
  | {
      readonly kind: 'failure'
      readonly stage: string
      readonly error: string
      /** After so long the same step is tried again. */
      readonly againMs: number
    }
