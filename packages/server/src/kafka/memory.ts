import { compatibilityPartitioner } from '@platformatic/kafka'
import {
  type Fetched,
  type Kafka,
  type KafkaRecord,
  KafkaUnavailable,
  type Limits,
  type Member,
  type NewRecord,
  PositionGone,
  type Positions,
  type Reader,
  type TopicPlan,
} from './port.ts'

type Topic = { readonly plan: TopicPlan; readonly partitions: KafkaRecord[][]; first: number[] }
type Group = {
  readonly topic: string
  generation: number
  members: symbol[]
  readonly committed: Map<number, number>
}

/** A broker within this process, for tests and for trying things out. What it holds ends with it. */
export type MemoryKafka = Kafka & {
  /** All records of a partition that are kept. */
  records(topic: string, partition: number): readonly KafkaRecord[]
  /** Deals the partitions of a group anew, the members in another order. */
  rebalance(group: string): void
  /** Forgets records before an offset, as retention does. */
  expire(topic: string, partition: number, before: number): void
  /** The next `produce` writes only so many of its records and then says that it does not know. */
  failNextProduce(after: number): void
}

/** @param sleep waits milliseconds when a reader finds nothing */
export function createMemoryKafka(
  sleep: (ms: number) => Promise<void> = (ms) => new Promise((done) => setTimeout(done, ms)),
): MemoryKafka {
  const topics = new Map<string, Topic>()
  const groups = new Map<string, Group>()
  let failAfter: number | null = null

  const topicOf = (name: string): Topic => {
    const topic = topics.get(name)
    if (!topic) throw new KafkaUnavailable(`there is no topic ${name}`, undefined)
    return topic
  }
  const append = (record: NewRecord): void => {
    const { partitions, first } = topicOf(record.topic)
    const partition = record.partition ?? partitionOf(record.key, partitions.length)
    const kept = partitions[partition]
    if (!kept) throw new Error(`${record.topic} has no partition ${partition}`)
    kept.push({
      ...{ topic: record.topic, partition, key: record.key, timestamp: record.timestamp },
      offset: (first[partition] ?? 0) + kept.length,
      value: Buffer.from(record.value),
      headers: new Map(Object.entries(record.headers ?? {})),
    })
  }
  const readerOf = (name: string): Reader => ({
    async fetch(from, limits) {
      const found = fetchFrom(topicOf(name), name, from, limits)
      if (found.records.length === 0) await sleep(limits.waitMs)
      return found
    },
    close: async () => undefined,
  })

  return {
    async produce(records) {
      const count = failAfter ?? records.length
      failAfter = null
      for (const record of records.slice(0, count)) append(record)
      if (count < records.length) throw new KafkaUnavailable('the connection broke', undefined)
    },
    async join(name, topic) {
      const group = groups.get(name) ?? { topic, generation: 0, members: [], committed: new Map() }
      groups.set(name, group)
      return joined(group, topicOf(topic).plan.partitions, readerOf(topic))
    },
    reader: async (topic) => readerOf(topic),
    async ends(name) {
      const { partitions, first } = topicOf(name)
      return partitions.map((kept, partition) => ({
        first: first[partition] ?? 0,
        next: (first[partition] ?? 0) + kept.length,
      }))
    },
    committed: async (group) => new Map(groups.get(group)?.committed),
    describe: async (names) =>
      names.flatMap((name) => {
        const topic = topics.get(name)
        return topic ? [{ ...topic.plan, underReplicated: [] }] : []
      }),
    async create(plan) {
      if (topics.has(plan.topic)) return
      const partitions = Array.from({ length: plan.partitions }, () => [])
      topics.set(plan.topic, { plan, partitions, first: partitions.map(() => 0) })
    },
    close: async () => undefined,
    records: (topic, partition) => topicOf(topic).partitions[partition] ?? [],
    rebalance(name) {
      const group = groups.get(name)
      if (!group) return
      group.members.reverse()
      group.generation += 1
    },
    expire(name, partition, before) {
      const topic = topicOf(name)
      const first = topic.first[partition] ?? 0
      topic.partitions[partition]?.splice(0, Math.max(0, before - first))
      topic.first[partition] = Math.max(first, before)
    },
    failNextProduce(after) {
      failAfter = after
    },
  }
}

export const partitionOf = (key: string, partitions: number): number =>
  // The first argument is not looked at.
  compatibilityPartitioner({ topic: '' }, Buffer.from(key)) % partitions

function joined(group: Group, partitions: number, reader: Reader): Member {
  const self = Symbol('member')
  group.members.push(self)
  group.generation += 1
  return {
    fetch: reader.fetch,
    assigned() {
      const at = group.members.indexOf(self)
      const all = Array.from({ length: partitions }, (_, partition) => partition)
      const own = all.filter((partition) => partition % group.members.length === at)
      return { generation: group.generation, partitions: own }
    },
    async commit(next) {
      for (const [partition, offset] of next) group.committed.set(partition, offset)
    },
    async close() {
      group.members = group.members.filter((each) => each !== self)
      group.generation += 1
    },
  }
}

function fetchFrom(topic: Topic, name: string, from: Positions, limits: Limits): Fetched {
  const records: KafkaRecord[] = []
  const next = new Map<number, number>()
  for (const [partition, offset] of from) {
    const kept = topic.partitions[partition] ?? []
    const first = topic.first[partition] ?? 0
    if (offset < first || offset > first + kept.length) {
      throw new PositionGone(name, partition, offset)
    }
    let bytes = 0
    for (const record of kept.slice(offset - first)) {
      if (bytes >= limits.bytes) break
      bytes += record.value?.length ?? 0
      records.push(record)
      next.set(partition, record.offset + 1)
    }
  }
  return { records, next }
}
