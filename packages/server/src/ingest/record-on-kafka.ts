import { ProblemError } from '@questline/contracts'
import { headersOf, type Kafka, KafkaUnavailable, keyOf, type NewRecord } from '../kafka/kafka.ts'
import { type NewGameEvents, type Outcome, RECORD_GAME_EVENTS } from '../log/log.ts'
import type { Writer } from '../store/store.ts'
import type { RecordEvents } from './create-ingest.ts'
import { directText } from './direct-text.ts'

/** It has no offset of the log. */
const ACCEPTED: Outcome = { kind: 'accepted', offset: 0 }

/**
 * Appends events straight to Kafka, and answers when all brokers that must have them have them. Whether
 * an event came before cannot be told here: quality does that. What the door refuses lies in the books.
 * @throws ProblemError `store-unavailable`, and then some may have been written: the same again does no harm
 */
export const recordOnKafka =
  (parts: {
    readonly kafka: Pick<Kafka, 'produce'>
    readonly writer: Writer
    readonly topic: string
  }): RecordEvents =>
  async (arrived) => {
    const { events, refused } = arrived
    if (refused.length > 0)
      await parts.writer.submit(RECORD_GAME_EVENTS, { ...arrived, events: [] })
    await parts.kafka.produce(recordsOf(parts.topic, arrived)).catch((error: unknown) => {
      if (error instanceof KafkaUnavailable)
        throw new ProblemError('store-unavailable', { retryAfter: 1, detail: UNREACHED })
      throw error
    })
    return events.map(() => ACCEPTED)
  }

const UNREACHED = 'Kafka has not acknowledged the events; send them again.'

const recordsOf = (topic: string, { delivery, events }: NewGameEvents): readonly NewRecord[] =>
  events.map((event) => ({
    ...{ topic, timestamp: delivery.receivedAt, headers: headersOf(delivery.trace) },
    key: keyOf(delivery.app, event.playerId, event.eventId),
    value: directText(delivery, event),
  }))
