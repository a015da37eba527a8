import type { PipelineOrder } from './pipeline-messages.ts'
import type { ForwardConfig, LakeConfig } from './sink-settings.ts'

/** What the thread of the lake and of forwarding is told when it begins. */
export type SinksOrder = Pick<PipelineOrder, 'database' | 'analytics'> & {
  readonly lake: LakeConfig
  readonly forward: ForwardConfig
}

/** Beside what all threads of consumers tell. */
export type FromSinks =
  /** When the oldest event was received that is not acknowledged; null when all are. */
  { readonly kind: 'backlog'; readonly receivedAt: number | null }
