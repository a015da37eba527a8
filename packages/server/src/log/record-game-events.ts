import { batched, insertStatement, type Tx, type Work } from '../store/store.ts'
import { packBatch } from './batch-form.ts'
import { dedupe } from './dedupe.ts'
import type { Delivery, NewGameEvent, Outcome, RefusedEvent } from './game-event.ts'
import { addCounts, type ImportProgress, moveImports } from './imports.ts'
import { insertRefused, type Quarantined } from './refused.ts'
import { insertUnloggedNumbers } from './unlogged-numbers.ts'

/** What one request brought, or one piece of a file. */
export type NewGameEvents = {
  readonly delivery: Delivery
  /** In the order in which they were sent. */
  readonly events: readonly NewGameEvent[]
  readonly refused: readonly RefusedEvent[]
  /** How far the file is once this is committed; its counts are those before. */
  readonly progress: ImportProgress | null
}

const INSERT_BATCH = insertStatement('log.insert-batch', 'event_batches', {
  last_offset: 'bigint',
  first_offset: 'bigint',
  received_at: 'bigint',
  payload: 'bytea',
})
const ADD_ARRIVALS = batched('log.add-arrivals', {
  sqlite: `INSERT INTO arrivals (app, minute, accepted, duplicates, conflicts, rejected)
    VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (app, minute) DO UPDATE SET accepted = accepted + excluded.accepted,
      duplicates = duplicates + excluded.duplicates, conflicts = conflicts + excluded.conflicts,
      rejected = rejected + excluded.rejected`,
  postgres: `INSERT INTO arrivals AS a (app, minute, accepted, duplicates, conflicts, rejected)
    SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[])
    ON CONFLICT (app, minute) DO UPDATE SET accepted = a.accepted + excluded.accepted,
      duplicates = a.duplicates + excluded.duplicates, conflicts = a.conflicts + excluded.conflicts,
      rejected = a.rejected + excluded.rejected`,
})

/**
 * Logs what arrived together: one row for all events of the commit, one pass over the index of ids
 * for each app, and in the same transaction what was refused and how many there were of each kind.
 * The outcomes are those of `events`, in their order.
 */
export const RECORD_GAME_EVENTS: Work<NewGameEvents, readonly Outcome[]> = {
  name: 'log.game-events',
  // An event takes a quarter of the time of an earn, and nobody else's answer may wait for 100,000.
  weigh: ({ events, refused }) => Math.ceil((events.length + refused.length) / 4),
  async apply(tx, inputs) {
    const outcomes: (readonly Outcome[])[] = new Array(inputs.length)
    const texts: string[] = []
    const first = tx.takeOffsets(0)
    // The events of an app lie side by side, in the order in which they came.
    for (const indexes of byApp(inputs)) {
      const own = indexes.flatMap((index) => inputs[index] ?? [])
      const [{ delivery }] = own as [NewGameEvents]
      const decided = await dedupe(
        tx,
        delivery.app,
        own.length === 1 ? (own[0]?.events ?? []) : own.flatMap(({ events }) => events),
      )
      let start = 0
      for (const index of indexes) {
        const input = inputs[index]
        if (!input) continue
        const part = decided.slice(start, start + input.events.length)
        start += input.events.length
        outcomes[index] = part
        pushTexts(texts, input, part)
      }
    }
    await insertBatch(tx, inputs, first, texts)
    await insertRefused(
      tx,
      inputs.flatMap((input, index) => quarantinedOf(input, outcomes[index])),
    )
    await insertUnloggedNumbers(tx, inputs, outcomes, first)
    await tx.run(ADD_ARRIVALS, arrivalsOf(inputs, outcomes))
    await moveImports(tx, progressOf(inputs, outcomes))
    return outcomes
  },
}

/** The indexes of the inputs of each app. */
function byApp(inputs: readonly NewGameEvents[]): Iterable<readonly number[]> {
  const apps = new Map<string, number[]>()
  inputs.forEach(({ delivery: { app } }, index) => {
    const own = apps.get(app)
    if (own) own.push(index)
    else apps.set(app, [index])
  })
  return apps.values()
}

/**
 * An event as the log stores it, but for its offset: JSON without its opening brace, which begins with
 * a comma.
 */
export const storedText = (delivery: Delivery, event: NewGameEvent): string =>
  `${membersOf(delivery)}${ownMembers(event)}`

/** Adds what the log stores of the accepted events. */
function pushTexts(
  texts: string[],
  { delivery, events }: NewGameEvents,
  outcomes: readonly Outcome[],
): void {
  const shared = membersOf(delivery)
  outcomes.forEach((outcome, index) => {
    const event = events[index]
    if (outcome.kind !== 'accepted' || !event) return
    texts.push(`{"offset":${outcome.offset}${shared}${ownMembers(event)}`)
  })
}

async function insertBatch(
  tx: Tx,
  inputs: readonly NewGameEvents[],
  first: number,
  texts: readonly string[],
): Promise<void> {
  if (texts.length === 0) return
  const received = Math.max(...inputs.map(({ delivery }) => delivery.receivedAt))
  const last = first + texts.length - 1
  await tx.run(INSERT_BATCH, [[last, first, received, packBatch(texts.join(','))]])
}

/** The members that all events of a delivery share. */
function membersOf({ app, sentAt, receivedAt, sdk, source, trace }: Delivery): string {
  const traced = trace === undefined ? '' : `,"trace":${JSON.stringify(trace)}`
  return `,"app":${JSON.stringify(app)},"sent_at":${sentAt},"received_at":${receivedAt},"sdk":${JSON.stringify(sdk)},"source":${JSON.stringify(source)}${traced}`
}

function ownMembers(event: NewGameEvent): string {
  const { eventId, eventType, playerId, occurredAt, correctedAt, flags, text } = event
  const shownFlags = flags.length === 0 ? '[]' : JSON.stringify(flags)
  return `,"event_id":"${eventId}","event_type":"${eventType}","player_id":${JSON.stringify(playerId)},"occurred_at":${occurredAt},"corrected_at":${correctedAt},"flags":${shownFlags},"event":${text}}`
}

function quarantinedOf(
  { delivery, events, refused }: NewGameEvents,
  outcomes: readonly Outcome[] = [],
): Quarantined[] {
  const conflicts = outcomes.flatMap((outcome, index): Quarantined[] => {
    const event = events[index]
    if (outcome.kind !== 'conflict' || event === undefined) return []
    const { eventId, eventType, text, line } = event
    const reason = outcome.byTransaction ? 'transaction-conflict' : 'event-id-conflict'
    const raw = Buffer.from(text)
    const { firstOffset } = outcome
    return [
      { delivery, firstOffset, refused: { eventId, eventType, reason, path: null, raw, line } },
    ]
  })
  return [...refused.map((one) => ({ delivery, firstOffset: null, refused: one })), ...conflicts]
}

const MINUTE_MS = 60_000
type Counts = { accepted: number; duplicate: number; conflict: number; rejected: number }

function arrivalsOf(
  inputs: readonly NewGameEvents[],
  outcomes: readonly (readonly Outcome[])[],
): (string | number)[][] {
  const minutes = new Map<string, Counts & { readonly app: string; readonly minute: number }>()
  inputs.forEach(({ delivery: { app, receivedAt }, refused }, index) => {
    const minute = Math.floor(receivedAt / MINUTE_MS) * MINUTE_MS
    const key = `${minute}${app}`
    const none = { accepted: 0, duplicate: 0, conflict: 0, rejected: 0 }
    const counts = minutes.get(key) ?? { app, minute, ...none }
    minutes.set(key, counts)
    counts.rejected += refused.length
    for (const { kind } of outcomes[index] ?? []) counts[kind] += 1
  })
  return [...minutes.values()]
    .filter((of) => of.accepted + of.duplicate + of.conflict + of.rejected > 0)
    .map((of) => [...[of.app, of.minute, of.accepted, of.duplicate, of.conflict, of.rejected]])
}

function progressOf(inputs: readonly NewGameEvents[], outcomes: readonly (readonly Outcome[])[]) {
  return inputs.flatMap(({ delivery, progress, refused }, index) => {
    if (progress === null) return []
    const counts = addCounts(progress.counts, outcomes[index] ?? [], refused.length)
    return [{ app: delivery.app, progress: { ...progress, counts } }]
  })
}
