import {
  heartbeatAt,
  type Kafka,
  type KafkaRecord,
  type NewRecord,
  type TopicNames,
} from '../kafka/kafka.ts'
import {
  compileRules,
  createPlayerInits,
  type PlayerInits,
  RULES,
  type Rule,
} from '../quality/quality.ts'
import type { Store } from '../store/store.ts'
import { PositionMoved, type Step, type Taken } from './follow.ts'
import { idOf, keyOfId } from './ids.ts'
import { createPartJudge } from './judge-part.ts'
import type { Part } from './part.ts'
import { createPartition, type Partition } from './partition.ts'
import { writeRejectedRows } from './rejected-rows.ts'
import {
  addCounts,
  assertAt,
  beginCheckpoints,
  findIds,
  findRates,
  keepIds,
  keepRates,
  moveCheckpoint,
  readCheckpoints,
  type StreamId,
  type StreamRate,
} from './stream-rows.ts'
import { claimTransactions, type Sales } from './transactions.ts'

export type EnrichParts = {
  readonly kafka: Pick<Kafka, 'produce' | 'ends' | 'describe'>
  readonly analytics: Store
  /** An event is refused; also where it is, after a failure, once more. */
  readonly onRejected?: (reason: string) => void
}

export type EnrichSettings = {
  readonly topics: TopicNames
  /** The studio's own rules, which come after ours. */
  readonly rules: readonly Rule[]
}

/** Parts of one partition that are new. */
type Work = { readonly taken: Taken; readonly own: Partition; readonly parts: readonly Placed[] }
type Placed = { readonly part: Part; readonly offset: number; readonly text: string }
/** What was known before a batch. */
type Known = { readonly ids: Map<string, string>; readonly sales: Sales }

/**
 * `events-by-player` to `events-enriched` and `events-rejected`. What the records have changed and that
 * they were read is one transaction, after Kafka has acknowledged what was written: a crash in between
 * writes the same records again, and of two replicas with one partition only one can commit.
 */
export function createEnrichStep(
  { kafka, analytics, onRejected = () => undefined }: EnrichParts,
  settings: EnrichSettings,
): Step {
  const { topics, rules } = settings
  const topic = topics['events-by-player']
  const inits = createPlayerInits()
  const apply = compileRules([...RULES, ...rules])
  const judgePart = createPartJudge({ topics, inits, apply }, onRejected)
  let partitions = new Map<number, Partition>()
  let rawPartitions = 0

  const ownOf = (partition: number): Partition => {
    const own = partitions.get(partition)
    if (!own) throw new PositionMoved(`partition ${partition} is not ours any more`)
    return own
  }

  /**
   * Reads from the database what the parts will ask for, and then whether it is of our positions: who is
   * late would write what another has written already, and with what that one has learned since.
   */
  const load = async (works: readonly Work[]): Promise<Known> => {
    const asked: Omit<StreamId, 'fingerprint'>[] = []
    for (const { parts } of works) {
      for (const { part } of parts) {
        if (part.is === 'event' && part.player !== null) inits.want(part.stored.app, part.player)
        const id = idOf(part)
        if (id !== null) asked.push(id)
      }
    }
    const parts = works.flatMap((work) => work.parts.map(({ part }) => part))
    return analytics.transaction(async (tx) => {
      await inits.load(tx)
      const found = await findIds(tx, uniqueIds(asked))
      const ids = new Map(found.map((id) => [keyOfId(id), id.fingerprint]))
      const sales = await claimTransactions(tx, parts, ids)
      await assertAt(
        tx,
        topic,
        works.map(({ taken }) => taken),
      )
      return { ids, sales }
    })
  }

  const judge = ({ parts, own, taken: { partition } }: Work, known: Known) => {
    const written = parts.flatMap(({ part, offset, text }) => {
      const record = judgePart({ own, partition, offset, text, ...known }, part)
      return record === null ? [] : [traced(record, part)]
    })
    const beat = own.heartbeat(rawPartitions)
    if (beat !== null) {
      written.push(heartbeatRecord(topics['events-enriched'], partition, beat))
    }
    return written
  }

  return {
    async begin(assigned) {
      rawPartitions = await countRawPartitions(kafka, topics)
      const opened = await openPartitions({ kafka, analytics }, topic, assigned)
      partitions = new Map(opened.map(({ partition, own }) => [partition, own]))
      return new Map(opened.map(({ partition, next }) => [partition, next]))
    },

    async take(taken) {
      const works = taken.map((each): Work => {
        const own = ownOf(each.partition)
        return { taken: each, own, parts: newParts(own, each.records) }
      })
      const known = await load(works)
      await kafka.produce(works.flatMap((work) => judge(work, known)))
      await commit(analytics, topic, works, inits)
    },

    forget() {
      inits.forget()
      partitions = new Map()
    },
  }
}

/** All changes in one transaction, in the order of the partitions. */
async function commit(
  analytics: Store,
  topic: string,
  works: readonly Work[],
  inits: PlayerInits,
): Promise<void> {
  const changes = works.map(({ taken, own }) => ({ taken, ...own.takeChanges() }))
  let isSecond = false
  await analytics.transaction(async (tx) => {
    // What is in memory has been handed over to the first attempt.
    if (isSecond) throw new PositionMoved('the database has asked for a repeat')
    isSecond = true
    for (const { taken, seen, ...of } of changes) {
      const { partition, from, next: to } = taken
      await moveCheckpoint(tx, { topic, partition, from, to, seen })
      await keepIds(tx, of.ids)
      await writeRejectedRows(tx, of.rejected)
      await keepRates(tx, topic, partition, of.rates)
      await addCounts(tx, partition, of.counts)
    }
    await inits.keep(tx)
  })
}

/** Partitions as of their checkpoints; one that nobody has read yet begins with what there is. */
async function openPartitions(
  { kafka, analytics }: Pick<EnrichParts, 'kafka' | 'analytics'>,
  topic: string,
  assigned: readonly number[],
) {
  const ends = await kafka.ends(topic)
  const firsts = new Map(assigned.map((each) => [each, ends[each]?.first ?? 0]))
  await analytics.transaction((tx) => beginCheckpoints(tx, topic, firsts))
  // Before what it stands for: rows that change in between make the first commit fail, not be wrong.
  const checkpoints = await readCheckpoints(analytics.read, topic)
  const rates = new Map<number, readonly StreamRate[]>()
  for (const each of assigned) {
    rates.set(each, await findRates(analytics.read, topic, each))
  }
  return assigned.map((partition) => {
    const checkpoint = checkpoints.get(partition)
    if (!checkpoint) throw new PositionMoved(`partition ${partition} has lost its checkpoint`)
    const own = createPartition(checkpoint, rates.get(partition) ?? [])
    return { partition, next: checkpoint.next, own }
  })
}

/** Heartbeats go partition by partition, so the topics must be alike. */
async function countRawPartitions(
  kafka: Pick<Kafka, 'describe'>,
  topics: TopicNames,
): Promise<number> {
  const names = ['events-raw', 'events-by-player', 'events-enriched'] as const
  const states = await kafka.describe(names.map((name) => topics[name]))
  const countOf = (name: (typeof names)[number]): number =>
    states.find((state) => state.topic === topics[name])?.partitions ?? 0
  if (countOf('events-by-player') !== countOf('events-enriched')) {
    throw new Error(
      `${topics['events-by-player']} and ${topics['events-enriched']} must have equally many partitions`,
    )
  }
  return countOf('events-raw')
}

function newParts(own: Partition, records: readonly KafkaRecord[]): Placed[] {
  const parts: Placed[] = []
  for (const { value, offset } of records) {
    const text = (value ?? '').toString()
    const part: Part = JSON.parse(text)
    // An old one says less than is known, and does no harm.
    if (part.is === 'heartbeat') own.beat(part)
    else if (own.seen.add(part)) parts.push({ part, offset, text })
  }
  return parts
}

const heartbeatRecord = (topic: string, partition: number, timeMs: number): NewRecord => ({
  ...{ topic, partition, key: '', timestamp: timeMs },
  value: JSON.stringify(heartbeatAt(timeMs)),
})

const traced = (record: NewRecord, part: Part): NewRecord =>
  'stored' in part && part.stored.trace !== undefined
    ? { ...record, headers: { traceparent: part.stored.trace } }
    : record

const uniqueIds = (ids: readonly Omit<StreamId, 'fingerprint'>[]) => [
  ...new Map(ids.map((id) => [keyOfId(id), id])).values(),
]
