import type { Batch, Consumer } from '../analytics/analytics.ts'
import {
  ENVELOPE,
  headersOf,
  heartbeatAt,
  type Kafka,
  keyOf,
  type NewRecord,
} from '../kafka/kafka.ts'
import { endOfPage, logTexts, newestOffset, storedBatches } from '../log/log.ts'
import type { Read } from '../store/store.ts'
import { type Outgoing, outgoingOf } from './outgoing.ts'

export const RELAY = 'relay'

/** What was written, until the checkpoint has moved. */
export type RelayBatch = Batch & { readonly events: readonly Outgoing[] }

export type RelayParts = {
  readonly readBooks: Read
  readonly kafka: Pick<Kafka, 'produce' | 'describe'>
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
  const { readBooks, kafka, now } = parts
  const { topic, heartbeatMs } = settings
  let beaten = Number.NEGATIVE_INFINITY
  let partitions = { count: 0, seenAt: Number.NEGATIVE_INFINITY }

  const heartbeats = async (timeMs: number): Promise<readonly NewRecord[]> => {
    const at = now()
    if (at - beaten < heartbeatMs) return []
    if (at - partitions.seenAt > LOOK_AGAIN_MS) {
      const [state] = await kafka.describe([topic])
      partitions = { count: state?.partitions ?? 0, seenAt: at }
    }
    beaten = at
    const value = JSON.stringify(heartbeatAt(timeMs))
    return Array.from({ length: partitions.count }, (_, partition) => ({
      ...{ topic, key: '', value, partition, timestamp: timeMs, headers: ENVELOPE },
    }))
  }

  const relay = async (after: number, last: number): Promise<RelayBatch> => {
    const events = (await logTexts(readBooks, after, last)).map(outgoingOf)
    const newest = Math.max(...events.map(({ receivedAt }) => receivedAt))
    const records = events.map((event) => recordOf(topic, event))
    await kafka.produce([...records, ...(await heartbeats(newest - BEHIND_MS))])
    return { first: after + 1, last, events }
  }

  return {
    name: RELAY,
    source: 'log',
    async next(after, events) {
      // Before the log's end is read, so that what is not seen yet was received after it.
      const lookedAt = now()
      const head = await newestOffset(readBooks)
      if (head < after) throw new Error(otherBooks(after, head))
      if (head <= after) {
        await kafka.produce(await heartbeats(lookedAt - BEHIND_MS))
        return null
      }
      const expired = after === 0 ? await expiredUntil(readBooks, head) : 0
      if (expired > 0) return { first: 1, last: expired, events: [] }
      return relay(after, await endOfPage(readBooks, Math.min(after + events, head)))
    },
    // Written already; the checkpoint is all there is to keep.
    apply: async () => undefined,
    forget() {
      beaten = Number.NEGATIVE_INFINITY
    },
  }
}

/** Quality knows copies by their offsets: what other books log under the same ones would be taken for some. */
const otherBooks = (after: number, head: number): string =>
  `${after} events of the log were written to Kafka and it has only ${head}: these are other books, or an older copy of them. Give them topics (KAFKA_TOPIC_PREFIX), analytics (ANALYTICS_URL) and a lake (LAKE_DIR) of their own`

const recordOf = (topic: string, event: Outgoing): NewRecord => ({
  topic,
  key: keyOf(event.app, event.playerId, event.otherwise),
  value: event.value,
  timestamp: event.receivedAt,
  headers: headersOf(event.trace),
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
