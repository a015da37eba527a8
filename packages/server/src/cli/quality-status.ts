import { readArrivals } from '../log/log.ts'
import { toInstant } from '../platform/platform.ts'
import { readCounts } from '../quality/quality.ts'
import { shared } from '../store/store.ts'
import type { OpenedAnalytics } from './with-analytics.ts'

const MINUTE_MS = 60_000

const APPS = shared('quality-status.apps', 'SELECT DISTINCT app FROM arrivals ORDER BY app')

/** Events of one app that arrived in one minute. */
export type StatusRow = {
  readonly app: string
  readonly minute: string
  readonly received: number
  readonly accepted: number
  readonly duplicates: number
  readonly conflicts: number
  readonly rejected: number
  readonly enriched: number
  readonly refused: number
  /** Accepted, and not yet looked at. */
  readonly waiting: number
}

export async function qualityStatus(
  { store, analytics, clock }: OpenedAnalytics,
  { minutes, app }: { readonly minutes: number; readonly app: string | null },
): Promise<StatusRow[]> {
  const to = (Math.floor(clock.now() / MINUTE_MS) + 1) * MINUTE_MS
  const from = to - minutes * MINUTE_MS
  const all = await store.read<{ readonly app: string }>(APPS, [])
  const rows: StatusRow[] = []
  for (const name of app === null ? all.map((each) => each.app) : [app]) {
    // First what became of them: read the other way round, less than nothing could seem to wait.
    const counts = await readCounts(analytics.read, name, from, to)
    const byMinute = new Map(counts.map((count) => [count.minute, count]))
    for (const arrived of await readArrivals(store.read, name, from, to)) {
      const { minute, accepted, duplicates, conflicts, rejected } = arrived
      const { enriched = 0, rejected: refused = 0 } = byMinute.get(minute) ?? {}
      rows.push({
        ...{ app: name, minute: toInstant(minute) },
        received: accepted + duplicates + conflicts + rejected,
        ...{ accepted, duplicates, conflicts, rejected, enriched, refused },
        waiting: accepted - enriched - refused,
      })
    }
  }
  return rows
}
