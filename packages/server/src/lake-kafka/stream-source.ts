import { type Kafka, type KafkaRecord, KafkaUnavailable, type TopicNames } from '../kafka/kafka.ts'
import type { StreamName, StreamRecord, StreamSource } from '../lake/lake.ts'
import { createRawReader } from '../quality-kafka/quality-kafka.ts'
import { rowsOf } from './rows.ts'

export type StreamSourceSettings = {
  readonly topics: TopicNames
  /** Before the names of the topics. */
  readonly prefix: string
  /** Whose the events of other producers are. */
  readonly foreignApp: string
}

/** Of each partition at a time. */
const FETCH = { bytes: 1_048_576, waitMs: 500 }
/** Fetches in a row without a record, where records are known to be: about a minute. */
const EMPTY_MAX = 120

/** @param now wall clock, milliseconds since the epoch */
export function createStreamSource(
  { kafka, now }: { readonly kafka: Pick<Kafka, 'ends' | 'reader'>; readonly now: () => number },
  { topics, prefix, foreignApp }: StreamSourceSettings,
): StreamSource {
  const rows = rowsOf(createRawReader({ app: foreignApp, now }))
  const topicOf = (stream: StreamName): string => topics[`events-${stream}`]
  return {
    prefix,
    ends: (stream) => kafka.ends(topicOf(stream)),
    read: (stream, from, to) => readAll(kafka, topicOf(stream), rows[stream], { from, to }),
  }
}

type Range = {
  readonly from: ReadonlyMap<number, number>
  readonly to: ReadonlyMap<number, number>
}

async function* readAll(
  kafka: Pick<Kafka, 'reader'>,
  topic: string,
  rowOf: (record: KafkaRecord) => StreamRecord,
  { from, to }: Range,
): AsyncIterable<readonly StreamRecord[]> {
  const reader = await kafka.reader(topic)
  const endOf = (partition: number): number => to.get(partition) ?? 0
  let at = new Map([...from].filter(([partition, next]) => next < endOf(partition)))
  let empty = 0
  try {
    while (at.size > 0) {
      const { records, next } = await reader.fetch(at, FETCH)
      empty = next.size === 0 ? empty + 1 : 0
      if (empty > EMPTY_MAX) {
        throw new KafkaUnavailable(`${topic} gives no records that it has`, undefined)
      }
      yield records.filter(({ partition, offset }) => offset < endOf(partition)).map(rowOf)
      const reached = new Map([...at, ...next])
      at = new Map([...reached].filter(([partition, offset]) => offset < endOf(partition)))
    }
  } finally {
    await reader.close()
  }
}
