import type { KafkaConfig } from '../config/kafka-settings.ts'
import type { ForwardConfig, LakeConfig } from '../config/sink-settings.ts'
import type { PipelineOrder } from './messages.ts'

type Place = Pick<PipelineOrder, 'database' | 'analytics'>

/** What the thread that sends events on is told when it begins. */
export type ForwardOrder = Place & {
  /** Where events are that have left the log's table. */
  readonly lake: LakeConfig
  readonly forward: Exclude<ForwardConfig, { readonly kind: 'off' }>
  /** Where events are read; null for the log of the books. */
  readonly kafka: KafkaConfig | null
}

/** Beside what all threads of consumers tell. */
export type FromForward =
  /** When the oldest event was received that is not acknowledged; null when all are. */
  { readonly kind: 'backlog'; readonly receivedAt: number | null }

/** What the process that writes the lake is told when it begins. */
export type LakeOrder = Place & {
  readonly lake: LakeConfig
  /** Where quality works; null for the analytics. */
  readonly kafka: KafkaConfig | null
  /** Events up to here become files now, and those of a whole batch that follow. */
  readonly until: number
  /** How long it stays in the table, after its receipt, that quality has refused an event. */
  readonly refusedKeptMs: number
}

/** To that process: end after what you are at. It has its order from the first message. */
export type ToLake = LakeOrder | 'stop'

/** The last word of that process, unless it died. */
export type FromLake =
  | { readonly kind: 'written' }
  /** Another process writes the lake. */
  | { readonly kind: 'busy' }
  | { readonly kind: 'failed'; readonly error: string }
