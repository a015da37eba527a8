import { setTimeout as sleep } from 'node:timers/promises'
import {
  type Kafka,
  type KafkaRecord,
  KafkaUnavailable,
  type Member,
  type Positions,
} from '../kafka/kafka.ts'

/** What was read of one partition. */
export type Taken = {
  readonly partition: number
  readonly from: number
  /** Where to go on when this is done. */
  readonly next: number
  readonly records: readonly KafkaRecord[]
}

/** What a replica does with the partitions that it has. */
export type Step = {
  /** From where each is to be read. Called whenever partitions were dealt anew. */
  begin(partitions: readonly number[]): Promise<Positions>
  /** Resolves when the effect is where it cannot be lost, so that reading may go on after it. */
  take(taken: readonly Taken[]): Promise<void>
  /** Drops what is in memory: something has failed, or others may have worked meanwhile. */
  forget(): void
}

export type FollowHooks = {
  onStep(records: number): void
  onRecovery(): void
  /** A failure, and after how many milliseconds it goes on. */
  onFailure(error: unknown, againMs: number): void
}

export type FollowParts = {
  readonly kafka: Pick<Kafka, 'join'>
  readonly step: Step
  readonly hooks: FollowHooks
  /** Milliseconds that never go backwards. */
  readonly monotonic: () => number
}

export type FollowSettings = {
  readonly group: string
  readonly topic: string
  /** Of each partition at a time. */
  readonly bytes: number
  readonly waitMs: number
}

/** Another replica has taken a partition's records before us. It has its effect, and ours came to nothing. */
export class PositionMoved extends Error {}

const COMMIT_MS = 1_000
const AGAIN_MS = { unavailable: 1_000, first: 200, most: 30_000 }

/**
 * Follows a topic as one of a group until the signal aborts. What fails is tried again, with growing
 * pauses; nothing is skipped. The positions that the group commits are for who watches the lag.
 */
export async function follow(
  { kafka, step, hooks, monotonic }: FollowParts,
  { group, topic, bytes, waitMs }: FollowSettings,
  signal: AbortSignal,
): Promise<void> {
  let member: Member | null = null
  let positions = new Map<number, number>()
  let generation = -1
  let failures = 0
  let committedAt = Number.NEGATIVE_INFINITY

  const round = async (own: Member): Promise<void> => {
    const assigned = own.assigned()
    if (assigned.generation !== generation) {
      step.forget()
      positions = new Map(await step.begin(assigned.partitions))
      generation = assigned.generation
    }
    const { records, next } = await own.fetch(positions, { bytes, waitMs })
    // Dealt anew meanwhile: who has them now takes these records too.
    if (next.size === 0 || own.assigned().generation !== generation) return
    await step.take(takenOf(positions, next, records))
    for (const [partition, offset] of next) positions.set(partition, offset)
    hooks.onStep(records.length)
    if (monotonic() - committedAt >= COMMIT_MS) {
      committedAt = monotonic()
      await own.commit(positions)
    }
  }

  while (!signal.aborted) {
    try {
      member ??= await kafka.join(group, topic)
      await round(member)
      if (failures > 0) hooks.onRecovery()
      failures = 0
    } catch (error) {
      step.forget()
      generation = -1
      if (error instanceof KafkaUnavailable) {
        await member?.close().catch(() => undefined)
        member = null
      }
      // As it should be after a rebalance: we go on from where the other has come to.
      if (error instanceof PositionMoved) continue
      failures += 1
      const againMs = pauseMs(error, failures)
      hooks.onFailure(error, againMs)
      await sleep(againMs, undefined, { signal }).catch(() => undefined)
    }
  }
  await leave(member, generation < 0 ? new Map() : positions)
}

function takenOf(from: Positions, next: Positions, records: readonly KafkaRecord[]): Taken[] {
  const byPartition = Map.groupBy(records, ({ partition }) => partition)
  return [...next]
    .map(([partition, offset]) => ({
      ...{ partition, from: from.get(partition) ?? offset, next: offset },
      records: byPartition.get(partition) ?? [],
    }))
    .toSorted((a, b) => a.partition - b.partition)
}

/** Its partitions are dealt at once to those who stay, which begin where we have stopped. */
async function leave(member: Member | null, positions: Positions): Promise<void> {
  await member?.commit(positions).catch(() => undefined)
  await member?.close().catch(() => undefined)
}

function pauseMs(error: unknown, failures: number): number {
  if (error instanceof KafkaUnavailable) return AGAIN_MS.unavailable
  return Math.min(AGAIN_MS.most, AGAIN_MS.first * 2 ** (failures - 1))
}
