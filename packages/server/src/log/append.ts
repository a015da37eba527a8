import type { LogEvent } from '@questline/contracts'
import type { Intent } from '../idempotency/idempotency.ts'
import { batched, insertStatement, type SqlValue, type Tx } from '../store/store.ts'

export const HOUR_MS = 3_600_000
export const hourOf = (epochMs: number): number => Math.floor(epochMs / HOUR_MS) * HOUR_MS

const INSERT = insertStatement('log.append', 'event_log', {
  log_offset: 'bigint',
  app: 'text',
  event_type: 'text',
  player_id: 'text',
  occurred_at: 'bigint',
  received_at: 'bigint',
  payload: 'text',
  key_scope: 'text',
  fingerprint: 'text',
})
/** Kept beside the log in the same transaction, so that counting everybody's events scans none of them. */
const ADD_COUNTS = batched('log.add-counts', {
  sqlite: `INSERT INTO event_counts (app, hour, event_type, events) VALUES ($1, $2, $3, $4)
    ON CONFLICT (app, hour, event_type) DO UPDATE SET events = events + excluded.events`,
  postgres: `INSERT INTO event_counts AS c (app, hour, event_type, events)
    SELECT * FROM unnest($1::text[], $2::bigint[], $3::text[], $4::bigint[])
    ON CONFLICT (app, hour, event_type) DO UPDATE SET events = c.events + excluded.events`,
})

export type Appended = LogEvent & { readonly intent?: Intent | null }

/** Appends `events` in this order and returns the offset of the first; the others follow without a gap. */
export async function append(tx: Tx, events: readonly Appended[]): Promise<number> {
  const first = tx.takeOffsets(events.length)
  await tx.run(
    INSERT,
    events.map((event, index) => [
      first + index,
      event.app,
      event.eventType,
      event.playerId,
      event.occurredAt,
      event.receivedAt,
      event.payload,
      event.intent?.scope ?? null,
      event.intent?.fingerprint ?? null,
    ]),
  )
  await tx.run(ADD_COUNTS, countsOf(events))
  return first
}

type Count = {
  readonly app: string
  readonly hour: number
  readonly eventType: string
  events: number
}

function countsOf(events: readonly Appended[]): SqlValue[][] {
  const counts = new Map<string, Count>()
  let count: Count | undefined
  for (const { app, eventType, occurredAt } of events) {
    const hour = hourOf(occurredAt)
    // Most are like the one before, and need no name to be made and looked up.
    const isAsBefore = count?.hour === hour && count.eventType === eventType && count.app === app
    if (!isAsBefore) {
      const name = `${app}\n${hour}\n${eventType}`
      count = counts.get(name) ?? { app, hour, eventType, events: 0 }
      counts.set(name, count)
    }
    if (count) count.events += 1
  }
  return [...counts.values()].map((of) => [of.app, of.hour, of.eventType, of.events])
}
