import type { Read, Tx } from '../store/store.ts'
import { onAnalytics } from './statement.ts'

/** What a consumer takes at once: all offsets from the first to the last, both included. */
export type Batch = { readonly first: number; readonly last: number }

/**
 * Something that follows the log and keeps its result in the analytics.
 * What `apply` writes and that the batch was seen are one transaction: both or neither.
 */
export type Consumer<B extends Batch = Batch> = {
  readonly name: string
  /** `enriched`: it reads the batches that quality writes, and holds them back until it has them. */
  readonly source: 'log' | 'enriched'
  /** What follows `after`, about `events` of it; null when there is nothing yet. */
  next(after: number, events: number): Promise<B | null>
  /** May be called again with the same offsets after `forget`, when its transaction came to nothing. */
  apply(tx: Tx, batch: B): Promise<void>
  /** What `apply` wrote is on disk. */
  committed?(): void
  /** Drops what it keeps in memory: the transaction failed, or somebody else has moved the checkpoint. */
  forget(): void
}

const REGISTER = onAnalytics(
  'analytics.register',
  `INSERT INTO analytics.checkpoints (consumer, source, log_offset, generation) VALUES ($1, $2, 0, 0)
  ON CONFLICT (consumer) DO NOTHING`,
)
const READ = onAnalytics(
  'analytics.checkpoint',
  'SELECT log_offset AS "offset", generation FROM analytics.checkpoints WHERE consumer = $1',
)
const READ_ALL = onAnalytics(
  'analytics.checkpoints',
  'SELECT consumer AS name, source, log_offset AS "offset" FROM analytics.checkpoints ORDER BY consumer',
)
/**
 * Only from where it is thought to be: a second process that did the same batch changes no row. It
 * comes first in its transaction, so the second waits for the row until the first has committed, and
 * then finds it moved. This is the fence where no lock keeps writers apart.
 */
const MOVE = onAnalytics(
  'analytics.move-checkpoint',
  `UPDATE analytics.checkpoints SET log_offset = $4
  WHERE consumer = $1 AND log_offset = $2 AND generation = $3`,
)
const RENEW = onAnalytics(
  'analytics.renew-generation',
  'UPDATE analytics.checkpoints SET generation = generation + 1 WHERE consumer = $1 AND log_offset = $2',
)
const HOLD = onAnalytics(
  'analytics.hold-checkpoint',
  'UPDATE analytics.checkpoints SET generation = generation WHERE consumer = $1',
)
const RETIRE = onAnalytics(
  'analytics.retire',
  'DELETE FROM analytics.checkpoints WHERE consumer = $1',
)

const LOWER = onAnalytics(
  'analytics.lower-checkpoint',
  `UPDATE analytics.checkpoints SET log_offset = $2, generation = generation + 1
  WHERE consumer = $1 AND log_offset > $2`,
)

export type Checkpoint = { readonly offset: number; readonly generation: number }

/** The checkpoint is not where this process left it: another one has worked, or rows were rebuilt. */
export class CheckpointMoved extends Error {}

export const register = (tx: Tx, { name, source }: Pick<Consumer, 'name' | 'source'>) =>
  tx.run(REGISTER, [[name, source]])

export async function readCheckpoint(read: Read, consumer: string): Promise<Checkpoint> {
  const [row] = await read<Checkpoint>(READ, [consumer])
  return row ?? { offset: 0, generation: 0 }
}

/** The last offset that a consumer has seen. */
export const checkpointOf = async (read: Read, consumer: string): Promise<number> =>
  (await readCheckpoint(read, consumer)).offset

/** All consumers that there are, each with the last offset that it has seen. */
export const consumersOf = (
  read: Read,
): Promise<{ readonly name: string; readonly source: string; readonly offset: number }[]> =>
  read(READ_ALL, [])

/** @throws CheckpointMoved when it is not at `from` any more, so that nothing of this transaction stays */
export async function moveCheckpoint(
  tx: Tx,
  consumer: string,
  from: Checkpoint,
  to: number,
): Promise<void> {
  const moved = await tx.change(MOVE, [[consumer, from.offset, from.generation, to]])
  if (moved !== 1) throw new CheckpointMoved(`${consumer} is not at ${from.offset} any more`)
}

/**
 * For whoever replaces a consumer's rows as of `offset`: its process then drops what it remembers.
 * @throws CheckpointMoved when it is not at `offset` any more
 */
export async function renewGeneration(tx: Tx, consumer: string, offset: number): Promise<void> {
  const renewed = await tx.change(RENEW, [[consumer, offset]])
  if (renewed !== 1) throw new CheckpointMoved(`${consumer} is not at ${offset} any more`)
}

/** Where a consumer is; until the end of this transaction it stays there, and its process waits. */
export async function holdCheckpoint(tx: Tx, consumer: string): Promise<number> {
  await tx.change(HOLD, [[consumer]])
  const [row] = await tx.run<Checkpoint>(READ, [[consumer]])
  return row?.offset ?? 0
}

/** For a consumer whose source holds other events after `offset` than those that it has seen. */
export const lowerCheckpoint = (tx: Tx, consumer: string, offset: number) =>
  tx.change(LOWER, [[consumer, offset]])

/** Forgets a consumer for good, so that nothing is kept for it any more. */
export const retire = (tx: Tx, consumer: string) => tx.run(RETIRE, [[consumer]])
