import { HEARTBEAT, isOurs, type KafkaRecord } from '../kafka/kafka.ts'
import type { StreamName, StreamRecord } from '../lake/lake.ts'
import type { createRawReader, KeptRecord, KeptRejected } from '../quality-kafka/quality-kafka.ts'

type RawReader = ReturnType<typeof createRawReader>

/** A record of a topic as the lake takes it: heads are named like those that the log's own rows have. */
export function rowsOf(
  readRaw: RawReader,
): Record<StreamName, (record: KafkaRecord) => StreamRecord> {
  return {
    raw: (record) => rawRow(record, readRaw),
    enriched: enrichedRow,
    rejected: rejectedRow,
  }
}

const textOf = ({ value }: KafkaRecord): string => (value ?? '').toString()

function rawRow(record: KafkaRecord, readRaw: RawReader): StreamRecord {
  const { partition, offset } = record
  const raw = readRaw(record)
  const position = `${partition}:${offset}`
  const made = (head: object, event: string | null): StreamRecord => ({
    ...{ is: 'event', partition, part: 0, logOffset: null, from: null },
    row: [JSON.stringify({ ...head, position }), event],
  })
  if (raw.is === 'event') {
    const { event, fingerprint: _, ...head } = raw.stored
    // The books have it, and the lake has it from there.
    if (isOurs(record) && head.offset !== undefined) return { is: 'nothing', partition }
    return made(head, JSON.stringify(event) ?? null)
  }
  if (raw.is !== 'foreign') return { is: 'nothing', partition }
  const received_at = record.timestamp
  const head = {
    ...{ app: raw.app, event_id: raw.eventId, event_type: raw.eventType, player_id: null },
    ...{ received_at, corrected_at: received_at, flags: [], sdk: null, occurred_at: null },
    ...{ sent_at: null, source: `kafka:${record.topic}:${partition}` },
  }
  return made(head, textOf(record))
}

function enrichedRow(record: KafkaRecord): StreamRecord {
  const { partition } = record
  const of: KeptRecord = JSON.parse(textOf(record))
  if (of.event_type === HEARTBEAT && of.part === undefined) {
    return { is: 'beat', partition, timeMs: of.time_ms }
  }
  const { country, country_code, platform } = of
  const purchase = {
    ...{ amount_micros: of.amount_micros, currency: of.currency, product_id: of.product_id },
    ...{ store: of.store, transaction_id: of.transaction_id },
  }
  const head = {
    ...{ offset: of.log_offset, kind: of.kind, app: of.app, event_id: idOfLog(of) },
    ...{
      event_type: of.event_type,
      player_id: of.player_id,
      received_at: of.arrived_ms ?? of.received_ms,
    },
    ...{ corrected_at: of.time_ms, flags: of.flags, country, country_code, platform },
    players: of.user_id === null ? [] : [{ id: of.user_id, country, country_code, platform }],
    purchase: of.is_purchase ? purchase : null,
    ...{ sdk: of.sdk, app_version: of.app_version, device_id: of.device_id, seq: of.seq },
    ...{ part: of.part, position: of.position },
  }
  const { part, log_offset: logOffset, from } = of
  const row = [JSON.stringify(head), JSON.stringify(of.event) ?? null] as const
  return { is: 'event', partition, part, logOffset, from, row }
}

/** On Kafka everything has an id; in the log only what games have sent. */
const idOfLog = ({ kind, event_id }: KeptRecord): string | null =>
  kind === 'game' ? event_id : null

function rejectedRow(record: KafkaRecord): StreamRecord {
  const { partition } = record
  const of: KeptRejected = JSON.parse(textOf(record))
  const { log, from } = of
  const head = {
    ...{ app: of.app, event_id: of.event_id, event_type: of.event_type, player_id: of.player_id },
    ...{ received_at: of.received_ms, corrected_at: of.received_ms, flags: [], sdk: null },
    ...{ occurred_at: null, sent_at: null, source: null, ...log },
    ...{ reason: of.reason, path: of.path, stage: of.stage, position: of.position },
  }
  const bytes = of.base64 === null ? null : Buffer.from(of.base64, 'base64').toString()
  const row = [JSON.stringify(head), bytes ?? JSON.stringify(of.event) ?? null] as const
  return { is: 'event', partition, part: 0, logOffset: log?.offset ?? null, from, row }
}
