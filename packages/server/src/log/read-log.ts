import { type Read, shared } from '../store/store.ts'

const HEAD = shared('log.head', 'SELECT log_offset AS head FROM log_head')

/** The newest offset, which is also how many events were ever logged. All up to it can be read. */
export const newestOffset = async (read: Read): Promise<number> =>
  (await read<{ head: number }>(HEAD, []))[0]?.head ?? 0

/** An event that a game sent under an id of its own. */
export type GameEvent = {
  readonly offset: number
  readonly playerId: string | null
  /** Milliseconds since the epoch. */
  readonly occurredAt: number
  /** Its fields as JSON. */
  readonly payload: string | null
}

/** Offsets looked at in one statement: they have no gaps, so no page is longer, however rare a type is. */
const PAGE_OFFSETS = 2_000

const PAGE = shared(
  'log.page-of-type',
  `SELECT log_offset AS "offset", event_id AS "eventId", player_id AS "playerId",
    occurred_at AS "occurredAt", payload
  FROM event_log WHERE log_offset > $1 AND log_offset <= $2 AND event_type = $3
  ORDER BY log_offset`,
)

/**
 * All events of a type up to an offset, itself included, in the order of the log, page by page; a page
 * of other events is empty.
 * Free-form events, whose type is only a name, have no id of their own and are left out.
 */
export async function* gameEvents(
  read: Read,
  eventType: string,
  until: number,
): AsyncGenerator<readonly GameEvent[]> {
  for (let after = 0; after < until; after += PAGE_OFFSETS) {
    const last = Math.min(after + PAGE_OFFSETS, until)
    const rows = await read<GameEvent & { readonly eventId: string | null }>(PAGE, [
      ...[after, last, eventType],
    ])
    // Not in the statement: an index of all events with an id would be read as a whole for it.
    yield rows.filter(({ eventId }) => eventId !== null)
  }
}
