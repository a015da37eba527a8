import type { RecordsBatch } from '@platformatic/kafka'
import type { Fetched, KafkaRecord, Positions } from './port.ts'

/** What a broker answers to a fetch, as far as we read it. */
export type Answer = {
  readonly responses: readonly {
    readonly partitions: readonly {
      readonly partitionIndex: number
      readonly records?: readonly RecordsBatch[] | null
    }[]
  }[]
}

/** Marks of transactions, which other producers may use: no records, but they take offsets. */
const CONTROL_BIT = 0x20

/** The records of an answer, and how far each partition was read. */
export function recordsOf({ responses }: Answer, topic: string, from: Positions): Fetched {
  const records: KafkaRecord[] = []
  const next = new Map<number, number>()
  for (const { partitionIndex: partition, records: batches } of responses.flatMap(
    ({ partitions }) => partitions,
  )) {
    const wanted = from.get(partition)
    if (wanted === undefined || !batches) continue
    for (const batch of batches) {
      const first = Number(batch.firstOffset)
      next.set(partition, Math.max(wanted, first + batch.lastOffsetDelta + 1))
      if ((batch.attributes & CONTROL_BIT) !== 0) continue
      for (const record of batch.records) {
        const offset = first + record.offsetDelta
        // A batch is sent as a whole, also when what is wanted begins within it.
        if (offset < wanted) continue
        records.push({
          ...{ topic, partition, offset, value: record.value },
          key: record.key === null ? null : record.key.toString(),
          timestamp: Number(batch.firstTimestamp + record.timestampDelta),
          headers: headersOf(record.headers),
        })
      }
    }
  }
  return { records, next }
}

type RawHeaders = RecordsBatch['records'][number]['headers']

const NONE: ReadonlyMap<string, string> = new Map()

const headersOf = (headers: RawHeaders): ReadonlyMap<string, string> =>
  headers.length === 0
    ? NONE
    : new Map(
        headers.map(([name, value]) => [name?.toString() ?? '', value?.toString() ?? ''] as const),
      )
