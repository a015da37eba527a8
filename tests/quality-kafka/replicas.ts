// Replicas of both steps over a broker in memory, moved by hand: each believes to have the partitions
// that it was last told of, so one that has not noticed yet goes on working beside its successor.

import type { KafkaRecord, TopicNames } from '../../packages/server/src/kafka/kafka.ts'
import type { MemoryKafka } from '../../packages/server/src/kafka/memory.ts'
import type { Rule } from '../../packages/server/src/quality/quality.ts'
import {
  createEnrichStep,
  createSplitStep,
  type KeptRecord,
  type RejectedRecord,
  SPLIT_GROUP,
  type Step,
} from '../../packages/server/src/quality-kafka/quality-kafka.ts'
import type { Store } from '../../packages/server/src/store/store.ts'

export type StepName = 'split' | 'enrich'
/** What happens to a round: it ends well, dies while it writes, or dies before it notes how far it is. */
export type Fate = 'well' | 'torn' | 'unnoted'

export type Round = {
  readonly step: StepName
  readonly replica: number
  /** About, of each partition. */
  readonly bytes: number
  readonly fate: Fate
}

type Replica = {
  readonly kafka: MemoryKafka
  readonly step: Step
  positions: Map<number, number>
}

export const PARTITIONS = 3

export function createReplicas(
  kafka: MemoryKafka,
  analytics: Store,
  {
    topics,
    app,
    rules,
  }: { readonly topics: TopicNames; readonly app: string; readonly rules: readonly Rule[] },
  count: number,
) {
  const settings = { topics, rules, prefix: app, foreignApp: app }
  let dies = false
  /** Commits nothing while somebody is to die. */
  const store: Store = {
    ...analytics,
    async transaction(work) {
      return analytics.transaction(async (tx) => {
        const result = await work({
          ...tx,
          async change(statement, tuples) {
            if (dies && statement.name === 'stream.move-checkpoint') throw new Error('killed')
            return tx.change(statement, tuples)
          },
        })
        return result
      })
    },
  }
  const made = (name: StepName): Replica[] =>
    Array.from({ length: count }, () => ({
      kafka,
      step:
        name === 'split'
          ? createSplitStep({ kafka, now: () => Number.MAX_SAFE_INTEGER }, settings)
          : createEnrichStep({ kafka, analytics: store }, settings),
      positions: new Map(),
    }))
  const replicas = { split: made('split'), enrich: made('enrich') }
  const sources = { split: topics['events-raw'], enrich: topics['events-by-player'] }
  const committed = new Map<number, number>()

  const noted = async (positions: ReadonlyMap<number, number>): Promise<void> => {
    for (const [partition, offset] of positions) committed.set(partition, offset)
    const member = await kafka.join(`${app}${SPLIT_GROUP}`, topics['events-raw'])
    await member.commit(committed)
    await member.close()
  }

  return {
    /** Tells a replica which partitions it has; what it knew of others it forgets. */
    async tell(name: StepName, replica: number, partitions: readonly number[]): Promise<void> {
      const of = replicas[name][replica]
      if (!of) return
      of.step.forget()
      of.positions = new Map(await of.step.begin(partitions))
    },

    /** @returns how many records it has read */
    async round({ step: name, replica, bytes, fate }: Round): Promise<number> {
      const of = replicas[name][replica]
      if (!of || of.positions.size === 0) return 0
      const reader = await kafka.reader(sources[name])
      const { records, next } = await reader.fetch(of.positions, { bytes, waitMs: 0 })
      if (next.size === 0) return 0
      dies = fate === 'unnoted'
      if (fate === 'torn') kafka.failNextProduce(records.length >> 1)
      const before = new Map(of.positions)
      try {
        await of.step.take(
          [...next].map(([partition, offset]) => ({
            ...{ partition, from: before.get(partition) ?? 0, next: offset },
            records: records.filter((record: KafkaRecord) => record.partition === partition),
          })),
        )
        for (const [partition, offset] of next) of.positions.set(partition, offset)
        if (name === 'split' && fate === 'well') await noted(of.positions)
      } catch {
        of.step.forget()
        of.positions = new Map(await of.step.begin([...before.keys()]))
      } finally {
        dies = false
        kafka.failNextProduce(Number.MAX_SAFE_INTEGER)
      }
      return records.length
    },

    /** One replica of each step does all that is left. */
    async drain(): Promise<void> {
      const all = Array.from({ length: PARTITIONS }, (_, partition) => partition)
      for (const step of ['split', 'enrich'] as const) {
        await this.tell(step, 0, all)
        while ((await this.round({ step, replica: 0, bytes: 1e6, fate: 'well' })) > 0);
      }
    },
  }
}

const allOf = (kafka: MemoryKafka, topic: string) =>
  Array.from({ length: PARTITIONS }, (_, partition) => kafka.records(topic, partition)).flat()

/** Enriched records by event and part; copies must say the same. */
export function enrichedOf(kafka: MemoryKafka, topics: TopicNames): Map<string, KeptRecord> {
  const found = new Map<string, KeptRecord>()
  for (const { value } of allOf(kafka, topics['events-enriched'])) {
    const record: KeptRecord = JSON.parse(String(value))
    if (record.event_type === 'heartbeat') continue
    const key = `${record.event_id} ${record.part}`
    const before = found.get(key)
    if (before && JSON.stringify(withoutPlace(before)) !== JSON.stringify(withoutPlace(record))) {
      throw new Error(`two records of ${key} differ: ${JSON.stringify([before, record])}`)
    }
    found.set(key, record)
  }
  return found
}

/** Copies of one event may lie at several places of `events-raw`. */
const withoutPlace = ({ position: _, ...record }: KeptRecord) => record

export function rejectedOf(kafka: MemoryKafka, topics: TopicNames): Map<string, RejectedRecord> {
  return new Map(
    allOf(kafka, topics['events-rejected']).map(({ value }) => {
      const record: RejectedRecord = JSON.parse(String(value))
      return [`${record.reason} ${record.event_id} ${JSON.stringify(record.event)}`, record]
    }),
  )
}
