import type { Kafka } from '../kafka/kafka.ts'

/** How far a group is behind, over all partitions of its topic. */
export type Lag = {
  readonly events: number
  /** Since the oldest record that it has not taken was received; 0 when there is none. */
  readonly seconds: number
}

/** @param now wall clock, milliseconds since the epoch */
export async function lagOf(
  kafka: Pick<Kafka, 'ends' | 'committed' | 'reader'>,
  { group, topic }: { readonly group: string; readonly topic: string },
  now: number,
): Promise<Lag> {
  const [ends, committed] = await Promise.all([kafka.ends(topic), kafka.committed(group, topic)])
  const behind = new Map<number, number>()
  let events = 0
  ends.forEach(({ first, next }, partition) => {
    const at = Math.max(first, committed.get(partition) ?? first)
    if (at >= next) return
    behind.set(partition, at)
    events += next - at
  })
  if (behind.size === 0) return { events: 0, seconds: 0 }
  const reader = await kafka.reader(topic)
  try {
    // The first of each partition is enough: a broker sends at least one batch.
    const { records } = await reader.fetch(behind, { bytes: 1, waitMs: 500 })
    const firsts = records.filter(({ partition, offset }) => behind.get(partition) === offset)
    const oldest = Math.min(now, ...firsts.map(({ timestamp }) => timestamp))
    return { events, seconds: Math.max(0, (now - oldest) / 1_000) }
  } finally {
    await reader.close()
  }
}
