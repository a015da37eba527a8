import { batched, type Read, shared, type Tx } from '../store/store.ts'

const RECEIVED = shared(
  'log.batches-received',
  `SELECT first_offset AS first, last_offset AS last, received_at AS "receivedAt",
    length(payload) AS bytes
  FROM event_batches WHERE last_offset > $1 AND last_offset <= $2 ORDER BY last_offset LIMIT $3`,
)
const EMPTY = shared(
  'log.empty-batch',
  'UPDATE event_batches SET payload = $2 WHERE last_offset = $1',
)
const FORGET_IDS = batched('log.forget-event-ids', {
  sqlite: 'DELETE FROM event_ids WHERE app = $1 AND event_id = $2',
  // Not used: there whole partitions go.
  postgres: `DELETE FROM known_event_ids e USING unnest($1::text[], $2::bytea[]) AS gone (app, event_id)
    WHERE e.app = gone.app AND e.event_id = gone.event_id AND e.week = event_week(gone.event_id)`,
})

/** A batch of the table, without what is in it. */
export type StoredBatch = {
  readonly first: number
  readonly last: number
  /** Of its newest event, milliseconds since the epoch. */
  readonly receivedAt: number
  /** 0 once it has expired. */
  readonly bytes: number
}

/** The first `limit` batches that end after one offset and not after another, in their order. */
export const storedBatches = (
  read: Read,
  after: number,
  until: number,
  limit: number,
): Promise<StoredBatch[]> => read(RECEIVED, [after, until, limit])

export type EventIdOf = { readonly app: string; readonly eventId: string }

/**
 * Takes the events of a batch and their ids out of the tables. Its row stays, so that the log shows
 * no gap. Only for who has seen them elsewhere.
 */
export async function expireBatch(tx: Tx, last: number, ids: readonly EventIdOf[]): Promise<void> {
  const forgotten = ids.map(({ app, eventId }) => [
    app,
    Buffer.from(eventId.replaceAll('-', ''), 'hex'),
  ])
  await tx.run(FORGET_IDS, forgotten)
  await tx.run(EMPTY, [[last, new Uint8Array(0)]])
}
