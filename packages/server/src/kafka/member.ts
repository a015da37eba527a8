import { type BaseOptions, type ClusterMetadata, Consumer } from '@platformatic/kafka'
import { isBrokerError, reaching, unavailable } from './failures.ts'
import {
  type Fetched,
  type Limits,
  type Member,
  PositionGone,
  type Positions,
  type Reader,
} from './port.ts'
import { type Answer, recordsOf } from './records.ts'

type RawConsumer = Consumer<Buffer, Buffer, Buffer, Buffer>

/** The client's own default of 60 s would leave the partitions of a dead member alone for as long. */
const GROUP = {
  sessionTimeout: 10_000,
  rebalanceTimeout: 15_000,
  heartbeatInterval: 1_000,
} as const
const FETCH = { autocommit: false, minBytes: 1, maxWaitTime: 500 } as const
/** Of one answer of one broker, whatever its partitions may give. */
const ANSWER_BYTES_MAX = 32 * 1_024 * 1_024

/** Reads on its own, in no group. */
export function openReader(base: BaseOptions, topic: string): Reader {
  const consumer = open(base, `${base.clientId}-reader`, topic)
  return { fetch: fetching(consumer, topic), close: () => closed(consumer) }
}

/** Takes its share of the partitions of a topic, until it is closed or stops beating. */
export async function joinGroup(base: BaseOptions, group: string, topic: string): Promise<Member> {
  const consumer = open(base, group, topic)
  let generation = 0
  let failure: unknown
  consumer.on('consumer:group:join', () => {
    generation += 1
  })
  // It could not join again, or its heartbeats do not arrive: others have its partitions by now.
  const fail = (cause: unknown): void => {
    failure ??= cause
  }
  consumer.on('error', fail)
  consumer.on('consumer:heartbeat:stalled', fail)
  try {
    await consumer.joinGroup({ ...GROUP })
  } catch (error) {
    await closed(consumer)
    throw unavailable(`the group ${group} could not be joined`, error)
  }
  const fetch = fetching(consumer, topic)
  return {
    assigned() {
      if (failure !== undefined) throw unavailable(`${group} has lost its place`, failure)
      const own = consumer.assignments?.find((each) => each.topic === topic)
      return { generation, partitions: own?.partitions ?? [] }
    },
    fetch,
    async commit(next) {
      const offsets = [...next].map(([partition, offset]) => ({
        ...{ topic, partition, offset: BigInt(offset), leaderEpoch: -1 },
      }))
      if (offsets.length === 0) return
      await reaching('the position was not committed', () => consumer.commit({ offsets }))
    },
    close: () => closed(consumer),
  }
}

function open(base: BaseOptions, groupId: string, topic: string): RawConsumer {
  const consumer: RawConsumer = new Consumer({ ...base, ...GROUP, ...FETCH, groupId })
  consumer.topics.track(topic)
  return consumer
}

const closed = (consumer: RawConsumer): Promise<void> => consumer.close(true).catch(() => undefined)

/** Whoever asks says from where: what the group has committed is not asked. */
function fetching(consumer: RawConsumer, topic: string): Reader['fetch'] {
  const fetchOnce = async (from: Positions, limits: Limits): Promise<Fetched> => {
    const metadata = await consumer.metadata({ topics: [topic] })
    const byLeader = leadersOf(metadata, topic, from)
    // Of several brokers one that has nothing would hold up those that have: nobody waits at first.
    const isAlone = byLeader.size < 2
    const ask = (waitMs: number) =>
      Promise.all(
        [...byLeader].map(([node, own]) =>
          fetchFrom(consumer, metadata, topic, { node, from: own, bytes: limits.bytes, waitMs }),
        ),
      )
    const first = merged(await ask(isAlone ? limits.waitMs : 0))
    return isAlone || first.next.size > 0 ? first : merged(await ask(limits.waitMs))
  }
  return async (from, limits) => {
    if (from.size === 0) {
      await new Promise((done) => setTimeout(done, limits.waitMs))
      return { records: [], next: new Map() }
    }
    try {
      return await fetchOnce(from, limits)
    } catch (error) {
      const gone = await positionGone(consumer, topic, from, error)
      throw gone ?? unavailable(`${topic} could not be read`, error)
    }
  }
}

function leadersOf(metadata: ClusterMetadata, topic: string, from: Positions) {
  const byLeader = new Map<number, Map<number, number>>()
  for (const [partition, offset] of from) {
    const leader = metadata.topics.get(topic)?.partitions[partition]?.leader
    if (leader === undefined) throw new Error(`${topic} has no partition ${partition}`)
    const own = byLeader.get(leader) ?? new Map<number, number>()
    byLeader.set(leader, own.set(partition, offset))
  }
  return byLeader
}

type Request = {
  readonly node: number
  readonly from: Positions
  readonly bytes: number
  readonly waitMs: number
}

async function fetchFrom(
  consumer: RawConsumer,
  metadata: ClusterMetadata,
  topic: string,
  { node, from, bytes, waitMs }: Request,
): Promise<Fetched> {
  const topicId = metadata.topics.get(topic)?.id ?? ''
  const partitions = [...from].map(([partition, offset]) => ({
    ...{ partition, fetchOffset: BigInt(offset), partitionMaxBytes: bytes },
    ...{ currentLeaderEpoch: -1, lastFetchedEpoch: -1 },
  }))
  const answer: Answer = await consumer.fetch({
    ...{ node, topics: [{ topicId, partitions }], maxWaitTime: waitMs },
    ...{ minBytes: 1, maxBytes: ANSWER_BYTES_MAX },
  })
  return recordsOf(answer, topic, from)
}

const merged = (parts: readonly Fetched[]): Fetched => ({
  records: parts.flatMap(({ records }) => records),
  next: new Map(parts.flatMap(({ next }) => [...next])),
})

/** Which position it was, if the error is about one. */
async function positionGone(
  consumer: RawConsumer,
  topic: string,
  from: Positions,
  error: unknown,
): Promise<PositionGone | null> {
  if (!isBrokerError(error, 'OFFSET_OUT_OF_RANGE')) return null
  const [firsts, lasts] = await Promise.all(
    [EARLIEST, LATEST].map((timestamp) => consumer.listOffsets({ topics: [topic], timestamp })),
  )
  for (const [partition, wanted] of from) {
    const first = Number(firsts?.get(topic)?.[partition] ?? 0n)
    const last = Number(lasts?.get(topic)?.[partition] ?? 0n)
    if (wanted < first || wanted > last) return new PositionGone(topic, partition, wanted)
  }
  return null
}

/** Kafka's own numbers for the first and the next offset. */
export const EARLIEST = -2n
export const LATEST = -1n
