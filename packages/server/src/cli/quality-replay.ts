import { createIngest, createLineJudge, directText } from '../ingest/ingest.ts'
import { createLog, findRefused, markRefusedReplayed, type RefusedWithBytes } from '../log/log.ts'
import { findRejected, judgeReplay, markReplayed, REPLAY_EVENT_TYPE } from '../quality/quality.ts'
import {
  cameBefore,
  findStreamRejected,
  markStreamReplayed,
  type StoredReplay,
  type StreamRejectedWithBytes,
  storedReplay,
} from '../quality-kafka/quality-kafka.ts'
import { CommandFailure } from './command-failure.ts'
import { type Fix, putRight } from './quality-fix.ts'
import { parseId } from './quality-refusals.ts'
import type { OpenedAnalytics } from './with-analytics.ts'

export type Replayed = {
  readonly id: string
  readonly outcome: 'replayed' | 'was-replayed'
  readonly event_id: string | null
}

/** @throws CommandFailure when it would be refused again */
export async function replayRefusal(
  opened: OpenedAnalytics,
  id: string,
  fix: Fix,
): Promise<Replayed> {
  const { kind, number } = parseId(id)
  if (kind === 'q') return replayInLog(opened, id, number, fix)
  return kind === 'k'
    ? replayOfStream(opened, id, number, fix)
    : replayAtDoor(opened, id, number, fix)
}

/** The log gets an event that says what takes the refused one's place; its key makes it one. */
async function replayInLog(
  opened: OpenedAnalytics,
  id: string,
  offset: number,
  fix: Fix,
): Promise<Replayed> {
  const { analytics, rules, config } = opened
  const rejected = await findRejected(analytics.read, offset)
  if (!rejected) throw noSuch(id)
  if (rejected.replayedOffset !== null) return wasReplayed(id, rejected.eventId)
  const event = await putRight(rejected.raw, fix)
  const refusal = judgeReplay(rejected, event, rules)
  if (refusal !== null) throw refusedAgain(id, refusal.reason, refusal.path)
  const stored = storedReplay(rejected, event)
  const recorded = await record(opened, { id, scope: String(offset), stored, event, of: offset })
  // Else quality does it when it comes there.
  if (config.kafka !== null) {
    await analytics.transaction((tx) => markReplayed(tx, offset, recorded.offset))
  }
  return recorded.replayed
}

/** What never was in the log: refused by a rule it keeps its times, else it comes to the door once more. */
async function replayOfStream(
  opened: OpenedAnalytics,
  id: string,
  number: number,
  fix: Fix,
): Promise<Replayed> {
  const { analytics, rules, clock } = opened
  const rejected = await findStreamRejected(analytics.read, number)
  if (!rejected) throw noSuch(id)
  if (rejected.replayedOffset !== null) return wasReplayed(id, rejected.eventId)
  const event = await putRight(rejected.raw, fix)
  const { envelope } = rejected
  const byRule = rejected.stage === 'quality' && envelope !== null ? { envelope } : null
  const refusal = byRule && judgeReplay(byRule, event, rules)
  if (refusal !== null) throw refusedAgain(id, refusal.reason, refusal.path)
  const stored = byRule
    ? storedReplay(byRule, event)
    : storedAtDoor(id, rejected, event, clock.now())
  return letIn(opened, { id, scope: id, stored, event }, async (by) => {
    await analytics.transaction((tx) => markStreamReplayed(tx, number, by))
  })
}

/** As of now, under the id that its place on Kafka stands for where it has none. */
function storedAtDoor(
  id: string,
  { app, source, rawOffset }: StreamRejectedWithBytes,
  event: unknown,
  receivedAt: number,
): StoredReplay {
  const judge = createLineJudge({ app, source, currency: null })
  const judged = judge(Buffer.from(JSON.stringify(event) ?? ''), rawOffset, receivedAt)
  if ('refused' in judged) throw refusedAgain(id, judged.refused.reason, judged.refused.path)
  if (!('event' in judged)) throw refusedAgain(id, 'invalid-event', null)
  const delivery = { app, requestId: null, sdk: null, source, sentAt: null, receivedAt }
  return JSON.parse(directText(delivery, judged.event))
}

/** Through the door once more, which knows each id once. */
async function replayAtDoor(
  opened: OpenedAnalytics,
  id: string,
  number: number,
  fix: Fix,
): Promise<Replayed> {
  const { store, writer, config } = opened
  const refused = await findRefused(store.read, number)
  if (!refused) throw noSuch(id)
  if (refused.status === 'replayed') return wasReplayed(id, refused.eventId)
  const event = await putRight(refused.raw, fix)
  const mark = async () => {
    await store.transaction((tx) => markRefusedReplayed(tx, number))
  }
  if (config.kafka?.ingestLog === 'kafka') {
    let stored: StoredReplay | null = null
    const ingest = createIngest(
      {
        writer,
        // Whether its id came before is not known here.
        record: async ({ delivery, events }) => {
          for (const each of events) stored = JSON.parse(directText(delivery, each))
          return events.map(() => ({ kind: 'accepted', offset: 0 }))
        },
      },
      config.ingest,
    )
    await atDoor(opened, ingest, id, refused, event)
    if (stored === null) throw new Error('an event that has passed the door was not stored')
    return letIn(opened, { id, scope: id, stored, event }, mark)
  }
  const verdict = await atDoor(opened, createIngest({ writer }, config.ingest), id, refused, event)
  await mark()
  const outcome = verdict.status === 'accepted' ? 'replayed' : 'was-replayed'
  return { id, outcome, event_id: verdict.event_id }
}

async function atDoor(
  { clock }: OpenedAnalytics,
  ingest: ReturnType<typeof createIngest>,
  id: string,
  { app, requestId, sdk }: RefusedWithBytes,
  event: unknown,
) {
  const arrival = {
    ...{ app, requestId, sdk, sentAt: null, receivedAt: clock.now(), monotonic: null },
  }
  const text = `{"events":[${JSON.stringify(event)}]}`
  const [verdict] = await ingest.batch(arrival, { events: [event] }, text)
  if (verdict?.status === 'accepted' || verdict?.status === 'duplicate') return verdict
  throw refusedAgain(id, verdict?.code ?? 'unknown', verdict?.path ?? null)
}

type Replay = {
  readonly id: string
  /** What is replayed, once. */
  readonly scope: string
  readonly stored: StoredReplay
  readonly event: unknown
  /** The refused event's offset, where it is in the log. */
  readonly of?: number
}

/** By way of the log to Kafka, where quality tells a second one of its id. */
async function letIn(
  opened: OpenedAnalytics,
  replay: Replay,
  mark: (by: number) => Promise<void>,
): Promise<Replayed> {
  const { id, stored } = replay
  const before = await cameBefore(opened.analytics, stored)
  if (before === 'same') return wasReplayed(id, stored.event_id)
  if (before !== null) throw refusedAgain(id, before, null)
  const recorded = await record(opened, replay)
  await mark(recorded.offset)
  return recorded.replayed
}

async function record(
  { store, writer, clock }: OpenedAnalytics,
  { id, scope, stored: whole, event, of }: Replay,
): Promise<{ readonly offset: number; readonly replayed: Replayed }> {
  const { event: _, ...stored } = whole
  const now = clock.now()
  const recorded = await createLog({ store, writer }).record({
    ...{ app: stored.app, eventType: REPLAY_EVENT_TYPE, playerId: null },
    ...{ occurredAt: now, receivedAt: now, mustExist: false },
    payload: JSON.stringify({ of, event, stored }),
    intent: { scope: `${REPLAY_EVENT_TYPE} ${scope}`, fingerprint: '', requestId: '' },
  })
  if (recorded.kind !== 'recorded') throw new Error(`the replay was not recorded: ${recorded.kind}`)
  const outcome = recorded.replayed ? 'was-replayed' : 'replayed'
  return { offset: recorded.offset, replayed: { id, outcome, event_id: stored.event_id } }
}

const wasReplayed = (id: string, event_id: string | null): Replayed => ({
  ...{ id, outcome: 'was-replayed', event_id },
})

const noSuch = (id: string): CommandFailure =>
  new CommandFailure(1, `there is no refused event ${id}: \`questline quality list\` shows them`)

const refusedAgain = (id: string, reason: string, path: string | null): CommandFailure =>
  new CommandFailure(
    1,
    `${id} would be refused again: ${reason}${path ? ` at ${path}` : ''}. Nothing has changed; put it right with --set or --file.`,
  )
