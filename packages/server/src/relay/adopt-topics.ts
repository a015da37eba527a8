import { lowerCheckpoint } from '../analytics/analytics.ts'
import { booksHeaders, heartbeatAt, type Kafka } from '../kafka/kafka.ts'
import { type Random, randomText } from '../platform/platform.ts'
import { readBooksIds, renameBooks, type Store } from '../store/store.ts'
import { compareTopics, type TopicsState } from './compare-topics.ts'
import { RELAY } from './create-relay.ts'

export type AdoptParts = {
  readonly books: Store
  readonly analytics: Store
  readonly kafka: Pick<Kafka, 'ends' | 'reader' | 'produce'>
  readonly random: Random
  /** Wall clock, milliseconds since the epoch. */
  readonly now: () => number
}

/**
 * Lets books go on in topics that hold events which they do not. From where the two differ on they bear
 * another name, under which their offsets are new to quality; the relay begins there. What the topics
 * hold stays, and counts. Can be repeated.
 * @returns what was found
 */
export async function adoptTopics(parts: AdoptParts, topic: string): Promise<TopicsState> {
  const { books, analytics, kafka, random, now } = parts
  const ids = await readBooksIds(books.read)
  const state = await compareTopics({ readBooks: books.read, kafka }, topic, ids)
  if (state.is === 'ours') return state
  const from = state.is === 'forked' ? state.from : 1
  const id = randomText(random, 16)
  await books.transaction((tx) => renameBooks(tx, { from, id }))
  await analytics.transaction((tx) => lowerCheckpoint(tx, RELAY, from - 1))
  // Last: whoever finds these at the end of the topics, finds the books let in.
  const at = now()
  const value = JSON.stringify(heartbeatAt(0))
  await kafka.produce(
    (await kafka.ends(topic)).map((_, partition) => ({
      ...{ topic, key: '', value, partition, timestamp: at, headers: booksHeaders(id) },
    })),
  )
  return state
}
