import { HEARTBEAT, type Kafka, type KafkaRecord, type Reader } from '../kafka/kafka.ts'
import { isFields } from '../quality/quality.ts'

/** Heartbeats come every few seconds: of most topics one page back is enough. */
const LOOK_BACK = { first: 2_000, growth: 4 }
const PAGE = { bytes: 1_024 * 1_024, waitMs: 500 }

/**
 * Up to which time a group has heard of all partitions of `events-enriched`, by the heartbeats before
 * its committed positions; milliseconds since the epoch. Null where it has committed no position of
 * some partition, or no heartbeat stands before one.
 * @throws PositionGone when what stood there has left the topic meanwhile
 */
export async function heardUntil(
  kafka: Pick<Kafka, 'ends' | 'committed' | 'reader'>,
  { group, topic }: { readonly group: string; readonly topic: string },
): Promise<number | null> {
  const [ends, committed] = await Promise.all([kafka.ends(topic), kafka.committed(group, topic)])
  const reader = await kafka.reader(topic)
  try {
    let least = Number.POSITIVE_INFINITY
    for (const [partition, { first }] of ends.entries()) {
      const before = committed.get(partition)
      const beat = before && (await lastBeat(reader, { partition, first, before }))
      if (typeof beat !== 'number') return null
      least = Math.min(least, beat)
    }
    return Number.isFinite(least) ? least : null
  } finally {
    await reader.close()
  }
}

type Range = { readonly partition: number; readonly first: number; readonly before: number }

/** Looks back further and further. */
async function lastBeat(reader: Reader, { partition, first, before }: Range) {
  for (let back = LOOK_BACK.first; ; back *= LOOK_BACK.growth) {
    const from = Math.max(first, before - back)
    let beat: number | null = null
    for (let at = from; at < before; ) {
      const { records, next } = await reader.fetch(new Map([[partition, at]]), PAGE)
      for (const record of records) {
        if (record.offset < before) beat = timeOfBeat(record) ?? beat
      }
      at = next.get(partition) ?? at
    }
    if (beat !== null || from === first) return beat
  }
}

/** What anybody has called so has a `kind`. */
function timeOfBeat({ value }: KafkaRecord): number | null {
  const said: unknown = JSON.parse(String(value))
  if (!isFields(said) || said['event_type'] !== HEARTBEAT || said['kind'] !== undefined) return null
  return Number.isSafeInteger(said['time_ms']) ? Number(said['time_ms']) : null
}
