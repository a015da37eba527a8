import {
  type BaseOptions,
  compatibilityPartitioner,
  type MessageToProduce,
  ProduceAcks,
  Producer,
} from '@platformatic/kafka'
import { unavailable } from './failures.ts'
import { KafkaUnavailable, type NewRecord } from './port.ts'

/** Of one request. A broker refuses a batch of more than 1 MB for one partition (message.max.bytes). */
const REQUEST_BYTES_MAX = 700 * 1_024
/** An idempotent producer would go on for ever. */
const DEADLINE_MS = 15_000

type Message = MessageToProduce<Buffer, Buffer, Buffer, Buffer>
type Waiting = {
  readonly records: readonly NewRecord[]
  readonly done: () => void
  readonly failed: (error: KafkaUnavailable) => void
}

/**
 * Writes with an idempotent producer: all replicas acknowledge, one request is in flight, and one
 * that is repeated is written once and in its order. Calls that come while a request is on its way
 * share the next. After a failure that leaves open what was written, a new producer begins.
 */
export function createProducing(base: BaseOptions) {
  let producer: Producer<Buffer, Buffer, Buffer, Buffer> | null = null
  let waiting: Waiting[] = []
  let running: Promise<void> | null = null

  const send = async (messages: Message[]): Promise<void> => {
    producer ??= open(base)
    const current = producer
    try {
      await within(DEADLINE_MS, current.send({ messages, acks: ProduceAcks.ALL }))
    } catch (error) {
      producer = null
      // Its connections may be the reason, and nobody waits for their end.
      current.close(true).catch(() => undefined)
      throw unavailable('Kafka has not acknowledged what was written', error)
    }
  }

  const run = async (): Promise<void> => {
    while (waiting.length > 0) {
      const taken = waiting
      waiting = []
      try {
        for (const messages of requestsOf(taken.flatMap(({ records }) => records))) {
          await send(messages)
        }
        for (const { done } of taken) done()
      } catch (error) {
        for (const { failed } of taken) failed(unavailable('Kafka has not taken it', error))
      }
    }
    running = null
  }

  return {
    produce(records: readonly NewRecord[]): Promise<void> {
      if (records.length === 0) return Promise.resolve()
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      waiting.push({ records, done: resolve, failed: reject })
      running ??= run()
      return promise
    },
    async close(): Promise<void> {
      await running
      await producer?.close(true)
    },
  }
}

const open = (base: BaseOptions) =>
  new Producer<Buffer, Buffer, Buffer, Buffer>({
    ...base,
    idempotent: true,
    acks: ProduceAcks.ALL,
    // As Kafka's own clients place keys, so that another producer's records meet ours.
    partitioner: compatibilityPartitioner,
    compression: 'zstd',
    repeatOnStaleMetadata: true,
  })

function* requestsOf(records: readonly NewRecord[]): Generator<Message[]> {
  let messages: Message[] = []
  let bytes = 0
  for (const record of records) {
    const value = typeof record.value === 'string' ? Buffer.from(record.value) : record.value
    if (messages.length > 0 && bytes + value.length > REQUEST_BYTES_MAX) {
      yield messages
      messages = []
      bytes = 0
    }
    bytes += value.length
    messages.push(messageOf(record, value))
  }
  if (messages.length > 0) yield messages
}

const messageOf = (record: NewRecord, value: Buffer): Message => ({
  topic: record.topic,
  key: Buffer.from(record.key),
  value,
  timestamp: BigInt(record.timestamp),
  ...(record.partition === undefined ? {} : { partition: record.partition }),
  ...(record.headers === undefined ? {} : { headers: headersOf(record.headers) }),
})

const known = new WeakMap<object, Map<Buffer, Buffer>>()

/** Most records share theirs. */
function headersOf(headers: Readonly<Record<string, string>>): Map<Buffer, Buffer> {
  const before = known.get(headers)
  if (before) return before
  const pairs = Object.entries(headers)
  const map = new Map(pairs.map(([name, value]) => [Buffer.from(name), Buffer.from(value)]))
  known.set(headers, map)
  return map
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new KafkaUnavailable('no answer in time', undefined)), ms)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
