import type { Clock } from '../platform/platform.ts'
import { type Store, shared } from '../store/store.ts'

const BEAT = shared(
  'nodes.beat',
  `INSERT INTO nodes (node_id, seen_at) VALUES ($1, $2)
  ON CONFLICT (node_id) DO UPDATE SET seen_at = excluded.seen_at`,
)
const LIVE = shared('nodes.live', 'SELECT count(*) AS nodes FROM nodes WHERE seen_at > $1')
const FORGET = shared('nodes.forget', 'DELETE FROM nodes WHERE seen_at <= $1')
const LEAVE = shared('nodes.leave', 'DELETE FROM nodes WHERE node_id = $1')

/** A node that missed so many beats is taken for dead. */
const BEATS_MISSED_MAX = 3
const FORGOTTEN_AFTER_MS = 3_600_000

export type LiveNodes = {
  /** How many nodes served when they were last counted, this one among them; 1 until then. */
  count(): number
  /** Says that this one is alive, and counts. While the database is away the last count stands. */
  beat(): Promise<void>
  /** Takes this one out of the count of the others at once. */
  leave(): Promise<void>
}

/** Nodes that serve from the same database. Their clocks may differ by less than three beats. */
export function createLiveNodes(
  parts: { readonly store: Store; readonly clock: Clock },
  settings: { readonly nodeId: string; readonly beatMs: number },
): LiveNodes {
  const { store, clock } = parts
  const { nodeId, beatMs } = settings
  let live = 1
  return {
    count: () => live,
    async beat() {
      const now = clock.now()
      live = await store.transaction(async (tx) => {
        await tx.run(FORGET, [[now - FORGOTTEN_AFTER_MS]])
        await tx.run(BEAT, [[nodeId, now]])
        const [row] = await tx.run<{ nodes: number }>(LIVE, [[now - BEATS_MISSED_MAX * beatMs]])
        return Math.max(1, row?.nodes ?? 1)
      })
    },
    leave: () =>
      store.transaction(async (tx) => {
        await tx.run(LEAVE, [[nodeId]])
      }),
  }
}
