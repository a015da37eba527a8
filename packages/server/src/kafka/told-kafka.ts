import type { Kafka, Member, Reader } from './port.ts'

/** What was asked of Kafka, and how it went. */
export type KafkaWork = {
  readonly does: 'produce' | 'fetch' | 'other'
  readonly records: number
  readonly ms: number
  readonly isFailed: boolean
}

/**
 * A client that tells what it was asked for, once for each request and not for each record.
 * @param monotonic milliseconds that never go backwards
 */
export function toldKafka(
  kafka: Kafka,
  monotonic: () => number,
  tell: (work: KafkaWork) => void,
): Kafka {
  const timed = async <T>(
    does: KafkaWork['does'],
    work: () => Promise<T>,
    countOf: (result: T) => number,
  ): Promise<T> => {
    const beganAt = monotonic()
    try {
      const result = await work()
      const records = countOf(result)
      if (records > 0) tell({ does, records, ms: monotonic() - beganAt, isFailed: false })
      return result
    } catch (error) {
      tell({ does, records: 0, ms: monotonic() - beganAt, isFailed: true })
      throw error
    }
  }
  const none = (): number => 0
  const readerOf = <R extends Reader>(reader: R): R => ({
    ...reader,
    fetch: (from: Parameters<Reader['fetch']>[0], limits: Parameters<Reader['fetch']>[1]) =>
      timed(
        'fetch',
        () => reader.fetch(from, limits),
        ({ records }) => records.length,
      ),
  })
  const memberOf = (member: Member): Member => ({
    ...readerOf(member),
    commit: (next) => timed('other', () => member.commit(next), none),
  })
  return {
    ...kafka,
    produce: (records) =>
      timed(
        'produce',
        () => kafka.produce(records),
        () => records.length,
      ),
    join: async (group, topic) =>
      memberOf(await timed('other', () => kafka.join(group, topic), none)),
    reader: async (topic) => readerOf(await timed('other', () => kafka.reader(topic), none)),
    ends: (topic) => timed('other', () => kafka.ends(topic), none),
  }
}
