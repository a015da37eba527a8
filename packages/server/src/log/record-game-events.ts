import { batched, insertStatement, type Tx, type Work } from '../store/store.ts'
import { packBatch } from './batch-form.ts'
import { type Arrived, dedupe } from './dedupe.ts'
import type { Delivery, NewGameEvent, Outcome, RefusedEvent } from './game-event.ts'
import { addCounts, type ImportProgress, moveImports } from './imports.ts'
import { insertRefused, type Quarantined } from './refused.ts'
import { insertTransactions } from './transactions.ts'

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
 * Logs what arrived together: one row for all events of the commit, one pass over the index of ids,
 * and in the same transaction what was refused and how many there were of each kind. The outcomes
 * are those of `events`, in their order.
 */
export const RECORD_GAME_EVENTS: Work<NewGameEvents, readonly Outcome[]> = {
  name: 'log.game-events',
  async apply(tx, inputs) {
    const arrived = inputs.flatMap(({ delivery, events }) =>
      events.map((event) => ({ app: delivery.app, event, delivery })),
    )
    const outcomes = await dedupe(tx, arrived)
    await insertAccepted(tx, arrived, outcomes)
    const perInput = split(inputs, outcomes)
    await insertRefused(
      tx,
      inputs.flatMap((input, index) => quarantinedOf(input, perInput[index])),
    )
    await tx.run(ADD_ARRIVALS, arrivalsOf(inputs, perInput))
    await moveImports(tx, progressOf(inputs, perInput))
    return perInput
  },
}

type Item = Arrived & { readonly delivery: Delivery }

async function insertAccepted(tx: Tx, arrived: readonly Item[], outcomes: readonly Outcome[]) {
  const accepted = arrived.flatMap((item, index) => {
    const outcome = outcomes[index]
    return outcome?.kind === 'accepted' ? [{ ...item, offset: outcome.offset }] : []
  })
  const first = accepted[0]
  if (first === undefined) return
  const texts: string[] = []
  let received = 0
  for (const { offset, event, delivery } of accepted) {
    texts.push(`{"offset":${offset}${membersOf(delivery)}${storedText(event)}`)
    received = Math.max(received, delivery.receivedAt)
  }
  const last = first.offset + accepted.length - 1
  await tx.run(INSERT_BATCH, [[last, first.offset, received, packBatch(texts.join(','))]])
  await insertTransactions(
    tx,
    accepted.filter(({ event }) => event.transaction !== null),
  )
}

const members = new WeakMap<Delivery, string>()

/** The members that all events of a delivery share, made once. */
function membersOf(delivery: Delivery): string {
  const known = members.get(delivery)
  if (known !== undefined) return known
  const { app, sentAt, receivedAt, sdk, source } = delivery
  const made = `,"app":${JSON.stringify(app)},"sent_at":${sentAt},"received_at":${receivedAt},"sdk":${JSON.stringify(sdk)},"source":${JSON.stringify(source)}`
  members.set(delivery, made)
  return made
}

function storedText(event: NewGameEvent): string {
  const { eventId, eventType, playerId, occurredAt, correctedAt, flags, text } = event
  const shownFlags = flags.length === 0 ? '[]' : JSON.stringify(flags)
  return `,"event_id":"${eventId}","event_type":"${eventType}","player_id":${JSON.stringify(playerId)},"occurred_at":${occurredAt},"corrected_at":${correctedAt},"flags":${shownFlags},"event":${text}}`
}

/** The outcomes of each input. */
function split(inputs: readonly NewGameEvents[], outcomes: readonly Outcome[]): Outcome[][] {
  let start = 0
  return inputs.map(({ events }) => {
    const own = outcomes.slice(start, start + events.length)
    start += events.length
    return own
  })
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
