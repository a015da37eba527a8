import { isClientEventType, isReservedEventType, KPI_OTHER } from '@questline/contracts'
import { onAnalytics } from '../analytics/analytics.ts'
import type { EnrichedEvent } from '../quality/quality.ts'
import type { Tx } from '../store/store.ts'
import { startOf } from './grains.ts'

/** Types of `POST /event` that an app has in one day, each under its own name; what comes after is `(OTHER)`. */
export const FREE_TYPES_MAX = 200

/** The facts of the day say which there were. */
const OF_DAY = onAnalytics(
  'windows.types-of-day',
  `SELECT label FROM analytics.window_facts
  WHERE grain = 'day' AND platform = '(ALL)' AND start = $1 AND app = $2
    AND country_code = '(ALL)' AND metric = 'events'`,
)

/** Days of apps that are remembered. */
const REMEMBERED_MAX = 1_000

/** Ours are few, and never crowd a game's own out. */
const isOurs = (type: string): boolean =>
  isClientEventType(type) || isReservedEventType(type) || type === KPI_OTHER

/**
 * Under which name an event of `POST /event` counts. Whoever may send one names its type, and each
 * name is a dozen rows and an entry of every answer, so there is a bound. Which are kept depends on
 * the order of the log alone.
 */
export function createTypeLabels() {
  let known = new Map<string, Set<string>>()

  const typesOf = async (tx: Tx, app: string, day: number): Promise<Set<string>> => {
    const key = `${day}\n${app}`
    const found = known.get(key)
    if (found) return found
    const rows = await tx.run<{ readonly label: string }>(OF_DAY, [[day, app]])
    const types = new Set(rows.map(({ label }) => label).filter((label) => !isOurs(label)))
    if (known.size >= REMEMBERED_MAX) known = new Map()
    known.set(key, types)
    return types
  }

  return {
    async of(tx: Tx, { app, corrected_at: at, event_type: type }: EnrichedEvent): Promise<string> {
      if (isOurs(type)) return type
      const types = await typesOf(tx, app, startOf('day', at))
      if (types.has(type)) return type
      if (types.size >= FREE_TYPES_MAX) return KPI_OTHER
      types.add(type)
      return type
    },
    forget(): void {
      known = new Map()
    },
  }
}
