import { uuidOfNames } from '../ingest/ingest.ts'
import { booksOf, type KafkaRecord, keyOf, type NewRecord } from '../kafka/kafka.ts'
import { type LogRecord, recordOfStored } from '../log/log.ts'
import { type Apply, enrich, isFields, REPLAY_EVENT_TYPE } from '../quality/quality.ts'
import type { Refused, Stored } from './part.ts'
import type { RawEvent } from './read-raw.ts'
import { replayedEvent } from './replays.ts'

export type SplitInto = { readonly topic: string; readonly partitions: number }

/** What a raw record becomes on `events-by-player`; nothing of what counts nowhere. Pure. */
export function splitRecord(
  record: KafkaRecord,
  raw: Exclude<RawEvent, { readonly is: 'heartbeat' }>,
  into: SplitInto,
  apply: Apply,
): readonly NewRecord[] {
  if (raw.is === 'nothing') return []
  const head = `{"raw":[${record.partition},${record.offset}],`
  if (raw.is === 'foreign') return [foreignPart(record, raw, into, head)]
  const isReplay = raw.stored.kind === 'server' && raw.stored.event_type === REPLAY_EVENT_TYPE
  const stored = isReplay ? replayedEvent(raw.stored) : raw.stored
  if (stored === null) return []
  const text = isReplay ? JSON.stringify(stored) : raw.text
  const event = logRecordOf(stored, record.offset)
  const verdict = enrich(event, () => null, apply)
  const books = booksOf(record)
  const from = books === undefined ? '' : `"books":${JSON.stringify(books)},`
  const write = (key: string, rest: string): NewRecord => ({
    ...{ topic: into.topic, key, timestamp: stored.replayed_at ?? stored.received_at },
    value: `${head}${from}${rest},"stored":${text}}`,
    ...(stored.trace === undefined ? {} : { headers: { traceparent: stored.trace } }),
  })
  if (verdict.kind === 'ignored') return []
  const otherwise = event.eventId ?? ''
  if (verdict.kind === 'rejected') {
    const { reason, path } = verdict
    const refused: Refused = { reason, path, stage: 'quality' }
    const rest = `"part":0,"is":"refused","refused":${JSON.stringify(refused)}`
    return [write(keyOf(event.app, event.playerId, otherwise), rest)]
  }
  const { players, player_id: own } = verdict.event
  const ids = players.length === 0 ? [own] : players.map(({ id }) => id)
  const parts = ids.map((id, part) =>
    write(
      keyOf(event.app, id, otherwise),
      `"part":${part},"is":"event","player":${JSON.stringify(id)}`,
    ),
  )
  return [...ratesParts(stored, into, head), ...parts]
}

function foreignPart(
  record: KafkaRecord,
  { app, refused, eventId, eventType }: Extract<RawEvent, { readonly is: 'foreign' }>,
  { topic }: SplitInto,
  head: string,
): NewRecord {
  const said = {
    ...{ part: 0, is: 'foreign', refused, app, event_id: eventId },
    ...{ event_type: eventType, received_at: record.timestamp },
    base64: (record.value ?? Buffer.alloc(0)).toString('base64'),
  }
  const key = `${record.partition} ${record.offset}`
  return {
    topic,
    key,
    timestamp: record.timestamp,
    value: `${head}${JSON.stringify(said).slice(1)}`,
  }
}

/** Rates hold for all players, so every partition is told. */
function ratesParts(stored: Stored, { topic, partitions }: SplitInto, head: string): NewRecord[] {
  if (stored.kind !== 'server' || stored.event_type !== 'rates' || !isFields(stored.event))
    return []
  const { date, usd_per_unit } = stored.event
  const value = `${head}${JSON.stringify({ part: -1, is: 'rates', date, usd_per_unit }).slice(1)}`
  return Array.from({ length: partitions }, (_, partition) => ({
    ...{ topic, key: '', value, partition, timestamp: stored.received_at },
  }))
}

/** What is asked of the log in one process, made of what lies on Kafka. */
export const logRecordOf = (stored: Stored, offset: number): LogRecord =>
  recordOfStored(stored, { offset, kind: stored.kind ?? 'game', eventId: eventIdOf(stored) })

/** What the books name by its offset alone gets an id that the offset stands for. */
const eventIdOf = ({ event_id: id, offset }: Stored): string | null =>
  id ?? (offset === undefined ? null : uuidOfNames('log', offset))
