import { EVENTS, LIMITS } from '@questline/contracts'
import { toInstant } from '../../platform/platform.ts'
import { readCursor, writeCursor } from '../cursor.ts'
import { endpoint, ok, ownId } from '../endpoint.ts'
import { filterOf } from '../event-filter.ts'
import type { EndpointParts } from '../parts.ts'

export const events = ({ log }: EndpointParts) =>
  endpoint(EVENTS, async ({ caller, query }) => {
    const limit = query.limit ?? LIMITS.pageSizeDefault
    const offset = query.offset ?? 0
    const position = query.cursor === undefined ? null : readCursor(query.cursor, 2)
    const [time = 0, id = 0] = position ?? []
    const before = position && { occurredAt: time, offset: id }
    // One more than asked for tells whether there is another page, also behind a cursor.
    const page = { limit: limit + 1, skip: offset, before }
    const { events, total } = await log.eventsOf(ownId(caller), filterOf(query), page)
    const shown = events.slice(0, limit)
    const last = shown.at(-1)
    const hasMore = events.length > limit
    return ok({
      events: shown.map((event) => ({
        id: event.offset,
        type: event.eventType,
        ts: toInstant(event.occurredAt),
        meta: event.payload,
      })),
      total,
      limit,
      offset,
      hasMore,
      nextCursor: hasMore && last ? writeCursor([last.occurredAt, last.offset]) : null,
    })
  })
