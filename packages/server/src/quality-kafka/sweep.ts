import { onAnalytics } from '../analytics/analytics.ts'
import { sweepRejected } from '../quality/quality.ts'
import type { Store } from '../store/store.ts'

const sweepOf = (name: string) =>
  onAnalytics(`stream.sweep-${name}`, `DELETE FROM analytics.stream_${name} WHERE received_at < $1`)
const SWEEP_IDS = sweepOf('event_ids')
const SWEEP_TRANSACTIONS = sweepOf('transactions')
const SWEEP_REJECTED = sweepOf('rejected_events')

/**
 * Forgets what was received before these instants, milliseconds since the epoch: a copy that comes later
 * counts as new, and what was refused can be put right no more. The lake has it from the topics.
 */
export async function sweepStreams(
  store: Store,
  before: { readonly ids: number; readonly refused: number },
): Promise<void> {
  await store.transaction((tx) => tx.run(SWEEP_IDS, [[before.ids]]))
  await store.transaction((tx) => tx.run(SWEEP_TRANSACTIONS, [[before.ids]]))
  await store.transaction((tx) => tx.run(SWEEP_REJECTED, [[before.refused]]))
  await sweepRejected(store, { before: before.refused, upto: Number.MAX_SAFE_INTEGER })
}
