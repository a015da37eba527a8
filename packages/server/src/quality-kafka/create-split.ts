import type { Kafka, NewRecord, TopicNames } from '../kafka/kafka.ts'
import { compileRules, RULES, type Rule } from '../quality/quality.ts'
import type { Step, Taken } from './follow.ts'
import { SPLIT_GROUP } from './groups.ts'
import { createRawReader } from './read-raw.ts'
import { splitRecord } from './split-record.ts'

export type SplitParts = {
  readonly kafka: Pick<Kafka, 'produce' | 'ends' | 'committed' | 'describe'>
  /** Wall clock, milliseconds since the epoch. */
  readonly now: () => number
}

export type SplitSettings = {
  readonly topics: TopicNames
  /** Before the group's name. */
  readonly prefix: string
  /** The studio's own rules, which come after ours. */
  readonly rules: readonly Rule[]
  /** Whose the events of other producers are. */
  readonly foreignApp: string
}

/**
 * `events-raw` to `events-by-player`. Keeps nothing, so what the group has committed is its position:
 * after a crash the same records come again, in their order.
 */
export function createSplitStep({ kafka, now }: SplitParts, settings: SplitSettings): Step {
  const { topics, prefix, rules, foreignApp } = settings
  const apply = compileRules([...RULES, ...rules])
  const readRaw = createRawReader({ app: foreignApp, now })
  let partitions = 0

  const split = ({ records }: Taken): NewRecord[] => {
    const into = { topic: topics['events-by-player'], partitions }
    const written: NewRecord[] = []
    let beat: NewRecord[] = []
    for (const record of records) {
      const raw = readRaw(record)
      // Of several the last says it all; what came before it is written before it.
      if (raw.is === 'heartbeat')
        beat = heartbeats(into, record.partition, record.offset, raw.timeMs)
      else written.push(...splitRecord(record, raw, into, apply))
    }
    return [...written, ...beat]
  }

  return {
    async begin(assigned) {
      const [state] = await kafka.describe([topics['events-by-player']])
      if (state === undefined) throw new Error(`there is no topic ${topics['events-by-player']}`)
      partitions = state.partitions
      const committed = await kafka.committed(`${prefix}${SPLIT_GROUP}`, topics['events-raw'])
      const ends = await kafka.ends(topics['events-raw'])
      return new Map(assigned.map((each) => [each, committed.get(each) ?? ends[each]?.first ?? 0]))
    },
    take: (taken) => kafka.produce(taken.flatMap(split)),
    forget: () => undefined,
  }
}

const heartbeats = (
  { topic, partitions }: { readonly topic: string; readonly partitions: number },
  partition: number,
  offset: number,
  timeMs: number,
): NewRecord[] => {
  const value = JSON.stringify({
    ...{ raw: [partition, offset], part: -1, is: 'heartbeat', time_ms: timeMs },
  })
  return Array.from({ length: partitions }, (_, to) => ({
    ...{ topic, key: '', value, partition: to, timestamp: timeMs },
  }))
}
