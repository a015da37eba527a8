import { insertStatement, type Store, shared, type Tx } from '../store/store.ts'
import type { Delivery, RefusedEvent } from './game-event.ts'

export type Quarantined = {
  readonly delivery: Delivery
  readonly refused: RefusedEvent
  /** The event that it conflicts with. */
  readonly firstOffset: number | null
}

const INSERT = insertStatement('log.insert-refused', 'refused_events', {
  app: 'text',
  event_id: 'text',
  event_type: 'text',
  reason: 'text',
  path: 'text',
  raw: 'bytea',
  first_offset: 'bigint',
  request_id: 'text',
  sdk: 'text',
  source: 'text',
  line: 'bigint',
  received_at: 'bigint',
  status: 'text',
})
const SWEEP_ROWS = 1_000
/** The newest row stays, since SQLite would give its id again. */
const SWEEP = shared(
  'log.sweep-refused',
  `DELETE FROM refused_events WHERE refused_id IN
    (SELECT refused_id FROM refused_events WHERE received_at < $1
      AND refused_id < (SELECT max(refused_id) FROM refused_events)
    ORDER BY received_at LIMIT ${SWEEP_ROWS})
  RETURNING refused_id`,
)

/** Text as both databases take it: what was refused may hold anything. */
const storable = (text: string | null): string | null =>
  text === null ? null : text.toWellFormed().replaceAll('\0', '\ufffd').slice(0, TEXT_CHARS_MAX)
const TEXT_CHARS_MAX = 1_000

export async function insertRefused(tx: Tx, quarantined: readonly Quarantined[]): Promise<void> {
  await tx.run(
    INSERT,
    quarantined.map(({ delivery, refused, firstOffset }) => [
      delivery.app,
      storable(refused.eventId),
      storable(refused.eventType),
      refused.reason,
      storable(refused.path),
      refused.raw,
      firstOffset,
      delivery.requestId,
      delivery.sdk,
      delivery.source,
      refused.line,
      delivery.receivedAt,
      'open',
    ]),
  )
}

/** Forgets what was refused before an instant, in steps, so that no write waits for the whole. */
export async function sweepRefused(store: Store, before: number): Promise<void> {
  let swept: unknown[]
  do {
    swept = await store.transaction((tx) => tx.run<unknown>(SWEEP, [[before]]))
  } while (swept.length === SWEEP_ROWS)
}
