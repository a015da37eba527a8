import {
  booksOf,
  HEARTBEAT,
  isOurs,
  type Kafka,
  type KafkaRecord,
  KafkaUnavailable,
  type Reader,
} from '../kafka/kafka.ts'
import { ExpiredOffsetsError, logTexts } from '../log/log.ts'
import type { BooksId, Read } from '../store/store.ts'

export type TopicsState =
  /** What was relayed is what these books say, or was lost when they were restored. */
  | { readonly is: 'ours' }
  | { readonly is: 'others'; readonly id: string }
  /** From this offset on the log says something else than what was relayed under its name. */
  | { readonly is: 'forked'; readonly from: number }

export type CompareParts = {
  readonly readBooks: Read
  readonly kafka: Pick<Kafka, 'ends' | 'reader'>
}

/**
 * Records of a partition that are looked at, at its end: first a few, among which is nearly always one
 * that decides; more only where what went past the books lies behind it, or books differ.
 */
const WINDOWS = [200, 5_000, 100_000] as const
/** As many once a heartbeat says that these books were let in: then nearly all went past them. */
const BEGUN_MAX = 5_000
const FETCH = { bytes: 1_048_576, waitMs: 500 }
const EMPTY_MAX = 20

/**
 * Whether what `events-raw` holds was relayed from these books, as far as the newest events of each
 * partition say.
 */
export async function compareTopics(
  { readBooks, kafka }: CompareParts,
  topic: string,
  ids: readonly BooksId[],
): Promise<TopicsState> {
  const ends = await kafka.ends(topic)
  const reader = await kafka.reader(topic)
  const says = createComparing(readBooks, ids)
  const forks: number[] = []
  try {
    for (const [partition, { first, next }] of ends.entries()) {
      const state = await comparePartition(says, newestFirst(reader, partition, first, next))
      if (state.is === 'others') return state
      if (state.is === 'forked') forks.push(state.from)
    }
  } finally {
    await reader.close()
  }
  return forks.length === 0 ? { is: 'ours' } : { is: 'forked', from: Math.min(...forks) }
}

/** What a record tells of the books that it came from. */
type Saying =
  | { readonly is: 'nothing' | 'beat' | 'equal' }
  | { readonly is: 'others'; readonly id: string }
  | { readonly is: 'differs'; readonly offset: number }

async function comparePartition(
  says: (record: KafkaRecord) => Promise<Saying>,
  records: AsyncIterable<KafkaRecord>,
): Promise<TopicsState> {
  let isBegun = false
  let looked = 0
  let from: number | null = null
  for await (const record of records) {
    looked += 1
    if (isBegun && looked > BEGUN_MAX) break
    const saying = await says(record)
    if (saying.is === 'beat') isBegun = true
    // What others wrote before these books were let in.
    if (saying.is === 'others' && isBegun) break
    if (saying.is === 'others') return saying
    if (saying.is === 'equal') break
    if (saying.is === 'differs') from = saying.offset
  }
  return from === null ? { is: 'ours' } : { is: 'forked', from }
}

function createComparing(readBooks: Read, ids: readonly BooksId[]) {
  return async (record: KafkaRecord): Promise<Saying> => {
    const said = isOurs(record) ? headOf(record) : null
    const name = booksOf(record)
    const isBeat = said?.event_type === HEARTBEAT && said.offset === undefined
    const isEvent = Number.isSafeInteger(said?.offset)
    if (said === null || !(isEvent || (isBeat && name !== undefined))) return { is: 'nothing' }
    // Relays did not say it always.
    const at = name === undefined ? 0 : ids.findIndex(({ id }) => id === name)
    if (at < 0) return { is: 'others', id: String(name) }
    if (isBeat) return { is: 'beat' }
    const offset = Number(said.offset)
    // Of what was lost when the books were restored.
    if (offset >= (ids[at + 1]?.from ?? Number.POSITIVE_INFINITY)) return { is: 'equal' }
    return (await isLogged(readBooks, offset, said)) ? { is: 'equal' } : { is: 'differs', offset }
  }
}

const MEMBERS = {
  ...{ offset: undefined, app: undefined, event_id: undefined, event_type: undefined },
  ...{ player_id: undefined, occurred_at: undefined, received_at: undefined },
}
type Head = Readonly<Record<keyof typeof MEMBERS, unknown>>
/** Two logs that gave one offset to events that agree in these have given it to one event. */
const IDENTITY: readonly (keyof Head)[] = [
  ...(['app', 'event_id', 'event_type', 'player_id', 'occurred_at', 'received_at'] as const),
]

async function isLogged(readBooks: Read, offset: number, said: Head): Promise<boolean> {
  try {
    const [text] = await logTexts(readBooks, offset - 1, offset)
    if (text === undefined) return false
    const logged: Head = JSON.parse(text.head)
    return IDENTITY.every((name) => logged[name] === said[name])
  } catch (error) {
    // It can be compared no more.
    if (error instanceof ExpiredOffsetsError) return true
    throw error
  }
}

/** Null where somebody has borrowed our header. */
function headOf({ value }: KafkaRecord): Head | null {
  try {
    const json: unknown = JSON.parse(String(value))
    return typeof json === 'object' && json !== null ? { ...MEMBERS, ...json } : null
  } catch {
    return null
  }
}

async function* newestFirst(
  reader: Reader,
  partition: number,
  first: number,
  next: number,
): AsyncIterable<KafkaRecord> {
  let before = next
  for (const size of WINDOWS) {
    const from = Math.max(first, before - size)
    if (from === before) return
    yield* (await readRange(reader, partition, from, before)).toReversed()
    before = from
  }
}

async function readRange(reader: Reader, partition: number, from: number, to: number) {
  const records: KafkaRecord[] = []
  let at = from
  for (let empty = 0; at < to; ) {
    const fetched = await reader.fetch(new Map([[partition, at]]), FETCH)
    records.push(...fetched.records)
    const next = fetched.next.get(partition) ?? at
    empty = next === at ? empty + 1 : 0
    if (empty > EMPTY_MAX) {
      throw new KafkaUnavailable('Kafka gives no records that it has', undefined)
    }
    at = next
  }
  return records.filter(({ offset }) => offset < to)
}
