import { createLineJudge, directText } from '../ingest/ingest.ts'
import { HEARTBEAT, isOurs, type KafkaRecord } from '../kafka/kafka.ts'
import type { Delivery } from '../log/log.ts'
import { isFields } from '../quality/quality.ts'
import type { Refused, Stored } from './part.ts'

export type RawEvent =
  | { readonly is: 'heartbeat'; readonly timeMs: number }
  | {
      readonly is: 'event'
      readonly stored: Stored
      /** Of `stored`. */
      readonly text: string
    }
  | {
      readonly is: 'foreign'
      readonly app: string
      readonly refused: Refused
      readonly eventId: string | null
      readonly eventType: string | null
    }
  /** An empty record of somebody else. */
  | { readonly is: 'nothing' }

const NO_BYTES = Buffer.alloc(0)

/**
 * Reads records of `events-raw`. What has our envelope was judged at the door; anything else is judged
 * here like a line of a file, under an id that its place stands for where it brings none.
 * @param now wall clock, milliseconds since the epoch
 */
export function createRawReader({
  app,
  now,
}: {
  readonly app: string
  readonly now: () => number
}) {
  const judges = new Map<string, ReturnType<typeof createLineJudge>>()
  const judgeOf = (source: string) => {
    const judge = judges.get(source) ?? createLineJudge({ app, source, currency: null })
    judges.set(source, judge)
    return judge
  }

  const foreign = (record: KafkaRecord): RawEvent => {
    const source = `kafka:${record.topic}:${record.partition}`
    const receivedAt = Math.min(Math.max(0, record.timestamp), now())
    const judged = judgeOf(source)(record.value ?? NO_BYTES, record.offset, receivedAt)
    if ('refused' in judged) {
      const { eventId, eventType, reason, path } = judged.refused
      return { is: 'foreign', app, refused: { reason, path, stage: 'door' }, eventId, eventType }
    }
    if (!('event' in judged)) return { is: 'nothing' }
    const delivery: Delivery = { app, requestId: null, sdk: null, source, sentAt: null, receivedAt }
    const text = directText(delivery, judged.event)
    return { is: 'event', stored: JSON.parse(text), text }
  }

  return (record: KafkaRecord): RawEvent => (isOurs(record) ? ours(record, app) : foreign(record))
}

function ours({ value }: KafkaRecord, app: string): RawEvent {
  const text = (value ?? NO_BYTES).toString()
  const json = parsed(text)
  if (isStored(json)) return { is: 'event', stored: json, text }
  if (isFields(json) && json['event_type'] === HEARTBEAT && typeof json['time_ms'] === 'number') {
    return { is: 'heartbeat', timeMs: json['time_ms'] }
  }
  // Somebody has borrowed our header.
  const refused = { reason: 'invalid-event', path: null, stage: 'door' } as const
  return { is: 'foreign', app, refused, eventId: null, eventType: null }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** As far as what comes after it would fail on. */
export const isStored = (json: unknown): json is Stored =>
  isFields(json) &&
  typeof json['app'] === 'string' &&
  typeof json['event_type'] === 'string' &&
  isTextOrNull(json['event_id']) &&
  isTextOrNull(json['player_id']) &&
  isTextOrNull(json['sdk']) &&
  typeof json['source'] === 'string' &&
  Number.isSafeInteger(json['received_at']) &&
  Number.isSafeInteger(json['corrected_at']) &&
  Array.isArray(json['flags'])

const isTextOrNull = (value: unknown): boolean => value === null || typeof value === 'string'
