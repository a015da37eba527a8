import type { SessionFindings } from '../inspect/inspect.ts'

export type SessionCounts = {
  /** Rows that are no duplicates of another: the same user at the same instant is one. */
  readonly kept: number
  readonly duplicates: number
  /** Distinct users of each day, since 1970, that has sessions. */
  readonly users: ReadonlyMap<number, number>
}

const DAY_MICROS = 86_400_000_000

/** Counts the sessions of a file, and the users of each day. */
export function countSessions({
  count,
  users,
  userCount,
  instants,
}: Pick<SessionFindings, 'count' | 'users' | 'userCount' | 'instants'>): SessionCounts {
  const { byUser, ends } = groupByUser(count, users, userCount, instants)
  const days = new Map<number, number>()
  let kept = 0
  for (let user = 0, from = 0; user < userCount; user += 1) {
    const to = ends[user] as number
    if (to - from > 1) byUser.subarray(from, to).sort()
    let day = -1
    for (let at = from; at < to; at += 1) {
      const instant = byUser[at] as number
      if (at > from && instant === byUser[at - 1]) continue
      kept += 1
      const own = Math.floor(instant / DAY_MICROS)
      if (own === day) continue
      day = own
      days.set(day, (days.get(day) ?? 0) + 1)
    }
    from = to
  }
  return { kept, duplicates: count - kept, users: days }
}

/** A counting sort: the instants of user i end at `ends[i]`, where those of the next begin. */
function groupByUser(count: number, users: Int32Array, userCount: number, instants: Float64Array) {
  const ends = new Int32Array(userCount + 1)
  for (let row = 0; row < count; row += 1) {
    const next = (users[row] as number) + 1
    ends[next] = (ends[next] as number) + 1
  }
  for (let user = 0; user < userCount; user += 1) {
    ends[user + 1] = (ends[user + 1] as number) + (ends[user] as number)
  }
  const byUser = new Float64Array(count)
  for (let row = 0; row < count; row += 1) {
    const user = users[row] as number
    byUser[ends[user] as number] = instants[row] as number
    ends[user] = (ends[user] as number) + 1
  }
  return { byUser, ends }
}
