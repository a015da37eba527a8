import type { Store } from '../store/store.ts'
import {
  type Batch,
  type Checkpoint,
  type Consumer,
  checkpointOf,
  moveCheckpoint,
  readCheckpoint,
  register,
} from './checkpoints.ts'
import type { Lease, Leases } from './lease.ts'

/** A consumer with its checkpoint: what can be run. */
export type Stage = {
  readonly name: string
  readonly lease: Lease
  /** From now on what it has not seen is kept for it. Before any stage is run, all are registered. */
  register(): Promise<void>
  /**
   * Takes the next batch, if there is one, and moves the checkpoint past it, in one transaction.
   * @returns how many offsets that was; 0 at the end of what there is
   */
  step(): Promise<number>
  /** The last offset that was seen, by whichever process. */
  checkpoint(): Promise<number>
  /** What the transaction of the last step that took something lasted, milliseconds. */
  commitMs?(): number
}

export type StageParts = {
  readonly store: Store
  readonly leases: Leases
  /** Milliseconds that never go backwards; without it nothing is measured. */
  readonly monotonic?: () => number
}

export function createStage<B extends Batch>(
  { store, leases, monotonic = () => 0 }: StageParts,
  consumer: Consumer<B>,
  settings: { readonly events: number },
): Stage {
  const { name } = consumer
  let at: Checkpoint | null = null
  let commitMs = 0

  const begin = async (): Promise<Checkpoint> => {
    await store.transaction((tx) => register(tx, consumer))
    at = await readCheckpoint(store.read, name)
    return at
  }

  const take = async (from: Checkpoint, batch: B): Promise<number> => {
    if (batch.first !== from.offset + 1) {
      throw new Error(`${name} is at ${from.offset} and got a batch from ${batch.first}`)
    }
    const beganAt = monotonic()
    let isRepeat = false
    await store.transaction(async (tx) => {
      // What the first attempt left in memory was of a transaction that came to nothing.
      if (isRepeat) consumer.forget()
      isRepeat = true
      await moveCheckpoint(tx, name, from, batch.last)
      await consumer.apply(tx, batch)
    })
    commitMs = monotonic() - beganAt
    at = { ...from, offset: batch.last }
    consumer.committed?.()
    return batch.last - from.offset
  }

  return {
    name,
    lease: leases(name),
    register: () => store.transaction((tx) => register(tx, consumer)).then(() => undefined),
    async step() {
      const from = at ?? (await begin())
      try {
        const batch = await consumer.next(from.offset, settings.events)
        return batch === null ? 0 : await take(from, batch)
      } catch (error) {
        // What was computed for the transaction that failed must not be built upon.
        consumer.forget()
        at = null
        // Another process was faster, or has replaced rows: the next step goes on from there.
        const now = await readCheckpoint(store.read, name)
        if (now.offset !== from.offset || now.generation !== from.generation) return 0
        throw error
      }
    },
    checkpoint: () => checkpointOf(store.read, name),
    commitMs: () => commitMs,
  }
}
