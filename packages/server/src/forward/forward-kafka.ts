import type { Kafka, KafkaRecord } from '../kafka/kafka.ts'
import {
  beginCheckpoints,
  createRawReader,
  moveCheckpoint,
  PositionMoved,
  readCheckpoints,
  type Step,
  type Taken,
} from '../quality-kafka/quality-kafka.ts'
import type { Store } from '../store/store.ts'
import { bring, type DeliverParts, underwayOf } from './deliver.ts'
import { createLaneCheck } from './lanes.ts'
import { recordOf, type Sendable } from './record.ts'
import type { SinkRecord } from './sink.ts'

export const FORWARD_GROUP = 'questline-forward'

export type ForwardStepParts = DeliverParts & {
  readonly kafka: Pick<Kafka, 'ends'>
  readonly analytics: Store
  /** Wall clock, milliseconds since the epoch. */
  readonly now: () => number
  /** When the oldest event was received that is not acknowledged; null when all are. */
  readonly onBacklog: (receivedAt: number | null) => void
}

export type ForwardStepSettings = {
  /** Full name of `events-raw`. */
  readonly topic: string
  /** Whose the events of other producers are. */
  readonly foreignApp: string
}

/** The lane of a partition; positions are the offsets of its records. */
const laneOf = (topic: string, partition: number): string => `${topic}/${partition}`

/**
 * `events-raw` to the sink: the events that were let in, those of other producers too. A partition's
 * checkpoint moves, from where this replica has read, when the sink has them for good.
 */
export function createForwardStep(parts: ForwardStepParts, settings: ForwardStepSettings): Step {
  const { kafka, analytics, sink, signal, now, onBacklog } = parts
  const { topic, foreignApp } = settings
  // Beside those of quality on the same topic.
  const checkpoint = `${topic} (forward)`
  const readRaw = createRawReader({ app: foreignApp, now })
  const lanes = createLaneCheck(sink)

  const sendableOf = (record: KafkaRecord): Sendable | null => {
    const raw = readRaw(record)
    if (raw.is !== 'event') return null
    const { stored } = raw
    const timeOf = (ms: unknown): number =>
      typeof ms === 'number' && Math.abs(ms) <= LAST_INSTANT
        ? ms
        : Math.min(Math.max(0, record.timestamp), now())
    return {
      kind: stored.kind ?? 'game',
      app: stored.app,
      eventId: stored.event_id,
      eventType: stored.event_type,
      playerId: stored.player_id,
      occurredAt: timeOf(stored.occurred_at),
      receivedAt: timeOf(stored.received_at),
      correctedAt: timeOf(stored.corrected_at),
      sdk: stored.sdk,
      event: stored.event,
    }
  }

  const send = async ({ partition, records }: Taken): Promise<void> => {
    const lane = laneOf(topic, partition)
    const all = records.flatMap((record): SinkRecord[] => {
      const sendable = sendableOf(record)
      const made = sendable && recordOf({ lane, position: record.offset }, sendable)
      return made ? [made] : []
    })
    if (all.length === 0) return
    const newest = async () => ((await kafka.ends(topic))[partition]?.next ?? 0) - 1
    await lanes.check(lane, newest, signal)
    if (!(await bring(parts, lane, underwayOf(all)))) throw new PositionMoved('it is to end')
  }

  return {
    async begin(assigned) {
      const ends = await kafka.ends(topic)
      const firsts = new Map(assigned.map((each) => [each, ends[each]?.first ?? 0]))
      await analytics.transaction((tx) => beginCheckpoints(tx, checkpoint, firsts))
      const checkpoints = await readCheckpoints(analytics.read, checkpoint)
      return new Map(assigned.map((each) => [each, checkpoints.get(each)?.next ?? 0]))
    },

    async take(taken) {
      const oldest = Math.min(...taken.flatMap(({ records }) => records.map(timestampOf)))
      if (oldest < Number.POSITIVE_INFINITY) onBacklog(oldest)
      const sent = await Promise.allSettled(taken.map(send))
      const failed = sent.find(({ status }) => status === 'rejected')
      if (failed?.status === 'rejected') throw failed.reason
      await analytics.transaction(async (tx) => {
        for (const { partition, from, next: to } of taken) {
          await moveCheckpoint(tx, { topic: checkpoint, partition, from, to, seen: '' })
        }
      })
      onBacklog(null)
    },

    forget: lanes.forget,
  }
}

/** The last one that a date can be made of. */
const LAST_INSTANT = 8_640_000_000_000_000
const timestampOf = ({ timestamp }: KafkaRecord): number => timestamp
