import type { Batch, Consumer } from '../analytics/analytics.ts'
import { booksHeaders, heartbeatAt, type Kafka, keyOf, type NewRecord } from '../kafka/kafka.ts'
import { endOfPage, logTexts, newestOffset, storedBatches } from '../log/log.ts'
import { type BooksId, type Read, readBooksIds } from '../store/store.ts'
import type { FreeType } from '../windows/windows.ts'
import { compareTopics, type TopicsState } from './compare-topics.ts'
import { createOutgoingLabels, keepTypes } from './label-types.ts'
import { type Outgoing, outgoingOf } from './outgoing.ts'

export const RELAY = 'relay'

/** What was written, until the checkpoint has moved. */
export type RelayBatch = Batch & {
  readonly events: readonly Outgoing[]
  /** That days did not have before. */
  readonly types: readonly FreeType[]
}

export type RelayParts = {
  readonly readBooks: Read
  readonly readAnalytics: Read
  readonly kafka: Pick<Kafka, 'produce' | 'describe' | 'ends' | 'reader'>
  /** Wall clock, milliseconds since the epoch. */
  readonly now: () => number
}

export type RelaySettings = {
  /** Full name of `events-raw`. */
  readonly topic: string
  readonly heartbeatMs: number
}

/**
 * An event is received before it is committed, and the nodes' clocks differ a little: a heartbeat stays
 * behind by so much.
 */
const BEHIND_MS = 2_000
const LOOK_AGAIN_MS = 60_000

/**
 * The consumer of the log that writes it to Kafka. Reading and writing are its `next`: the checkpoint
 * moves when that is acknowledged, so a process that dies in between writes the same again. One that
 * has lost its lease can still write what it has just read; its checkpoint does not move any more.
 */
export function createRelay(parts: RelayParts, settings: RelaySettings): Consumer<RelayBatch> {
  const { readBooks, readAnalytics, kafka, now } = parts
  const { topic, heartbeatMs } = settings
  const labels = createOutgoingLabels(readAnalytics)
  let beaten = Number.NEGATIVE_INFINITY
  let naming: Naming | null = null
  let partitions = { count: 0, seenAt: Number.NEGATIVE_INFINITY }

  /** @throws when the topics hold what these books do not */
  const named = async (): Promise<Naming> => {
    if (naming !== null) return naming
    const ids = await readBooksIds(readBooks)
    const state = await compareTopics({ readBooks, kafka }, topic, ids)
    if (state.is !== 'ours') throw new Error(refusalOf(topic, state))
    naming = createNaming(ids)
    return naming
  }

  const heartbeats = async (timeMs: number): Promise<readonly NewRecord[]> => {
    const at = now()
    if (at - beaten < heartbeatMs) return []
    if (at - partitions.seenAt > LOOK_AGAIN_MS) {
      const [state] = await kafka.describe([topic])
      partitions = { count: state?.partitions ?? 0, seenAt: at }
    }
    beaten = at
    const value = JSON.stringify(heartbeatAt(timeMs))
    const headers = (await named()).headersOf(Number.MAX_SAFE_INTEGER)
    return Array.from({ length: partitions.count }, (_, partition) => ({
      ...{ topic, key: '', value, partition, timestamp: timeMs, headers },
    }))
  }

  const relay = async (after: number, last: number): Promise<RelayBatch> => {
    const logged = (await logTexts(readBooks, after, last)).map(outgoingOf)
    const { events, types } = await labels.label(logged)
    const newest = Math.max(...events.map(({ receivedAt }) => receivedAt))
    const { headersOf } = await named()
    const records = events.map((event) => recordOf(topic, event, headersOf(event.offset)))
    await kafka.produce([...records, ...(await heartbeats(newest - BEHIND_MS))])
    return { first: after + 1, last, events, types }
  }

  return {
    name: RELAY,
    source: 'log',
    async next(after, events) {
      // Before the log's end is read, so that what is not seen yet was received after it.
      const lookedAt = now()
      const head = await newestOffset(readBooks)
      if (head < after) throw new Error(otherBooks(after, head))
      await named()
      if (head <= after) {
        await kafka.produce(await heartbeats(lookedAt - BEHIND_MS))
        return null
      }
      const expired = after === 0 ? await expiredUntil(readBooks, head) : 0
      if (expired > 0) return { first: 1, last: expired, events: [], types: [] }
      return relay(after, await endOfPage(readBooks, Math.min(after + events, head)))
    },
    // The events are written already.
    apply: (tx, { types }) => keepTypes(tx, types).then(() => undefined),
    forget() {
      labels.forget()
      beaten = Number.NEGATIVE_INFINITY
      naming = null
    },
  }
}

/** Quality knows copies by their offsets: what other books log under the same ones would be taken for some. */
const otherBooks = (after: number, head: number): string =>
  `${after} events of the log were written to Kafka and it has only ${head}: these are other books, or an older copy of them. ${REMEDY}`

const refusalOf = (topic: string, state: Exclude<TopicsState, { readonly is: 'ours' }>): string =>
  state.is === 'others'
    ? `${topic} holds events of the books ${state.id}, and these are others. ${REMEDY}`
    : `${topic} holds other events than these books from offset ${state.from} on: they are an older copy that has gone on, or other books. ${REMEDY}`

const REMEDY =
  'Give them topics (KAFKA_TOPIC_PREFIX), analytics (ANALYTICS_URL) and a lake (LAKE_DIR) of their own; or let them go on in these with `questline kafka adopt`'

/** What the records of an event bear, by its offset. */
type Naming = { headersOf(offset: number): Readonly<Record<string, string>> }

function createNaming(ids: readonly BooksId[]): Naming {
  const newestFirst = ids.map(({ from, id }) => ({ from, headers: booksHeaders(id) })).toReversed()
  return {
    headersOf(offset) {
      const named = newestFirst.find(({ from }) => from <= offset)
      if (!named) throw new Error(`the books have no name at ${offset}`)
      return named.headers
    },
  }
}

const recordOf = (
  topic: string,
  event: Outgoing,
  headers: Readonly<Record<string, string>>,
): NewRecord => ({
  topic,
  key: keyOf(event.app, event.playerId, event.otherwise),
  value: event.value,
  timestamp: event.receivedAt,
  headers: event.trace === undefined ? headers : { ...headers, traceparent: event.trace },
})

/**
 * A relay that begins long after the log did begins with what the table still has: what has left it lies
 * in the lake. Returns the last offset that has, 0 for none.
 */
async function expiredUntil(read: Read, head: number): Promise<number> {
  let expired = 0
  for (let after = 0; ; ) {
    const batches = await storedBatches(read, after, head, PAGE)
    const firstKept = batches.findIndex(({ bytes }) => bytes > 0)
    const gone = firstKept < 0 ? batches : batches.slice(0, firstKept)
    expired = gone.at(-1)?.last ?? expired
    if (firstKept >= 0 || batches.length < PAGE) return expired
    after = expired
  }
}
const PAGE = 10_000
