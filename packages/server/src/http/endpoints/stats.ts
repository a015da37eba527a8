import { LIMITS, ProblemError, STATS } from '@questline/contracts'
import { type Caller, endpoint, ok, visibleId } from '../endpoint.ts'
import { filterOf } from '../event-filter.ts'
import type { EndpointParts } from '../parts.ts'

export const stats = ({ log, settings }: EndpointParts) =>
  endpoint(STATS, async ({ caller, query }) => {
    const limit = query.limit ?? LIMITS.pageSizeDefault
    const offset = query.offset ?? 0
    const of = subject(caller, query.uid, settings.doors.statsPublic)
    const { counts, total } = await log.stats(of, filterOf(query), { limit, skip: offset })
    const hasMore = offset + counts.length < total
    return ok({ stats: counts, total, limit, offset, hasMore })
  })

/** Whose events are counted: one player's, or everybody's in the apps that the caller sees. */
function subject(caller: Caller, uid: string | undefined, statsPublic: boolean) {
  switch (caller.kind) {
    case 'player':
      return { playerId: uid === undefined ? caller.playerId : visibleId(caller, uid) }
    case 'key':
      if (caller.scope !== 'operator') {
        const atTheDoor = uid === undefined && !statsPublic
        throw new ProblemError(atTheDoor ? 'door-closed' : 'forbidden')
      }
      if (uid === undefined) return { app: caller.app }
      // A player's events are of every app that it plays, and this key is of one.
      if (caller.app !== null) throw new ProblemError('unknown-player')
      return { playerId: uid.trim() }
    case 'nobody':
      if (uid !== undefined || !statsPublic) throw new ProblemError('unauthenticated')
      return { app: null }
  }
}
