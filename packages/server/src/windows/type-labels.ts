import { isClientEventType, isReservedEventType, KPI_OTHER } from '@questline/contracts'
import { onAnalytics } from '../analytics/analytics.ts'
import type { Tx } from '../store/store.ts'
import { startOf } from './grains.ts'

/** Types of `POST /event` that an app has in one day, each under its own name; what comes after is `(OTHER)`. */
export const FREE_TYPES_MAX = 200

/** A type that an app has in a UTC day, in milliseconds since the epoch. */
export type FreeType = { readonly app: string; readonly day: number; readonly type: string }

/** The types of `POST /event` that an app has in a day so far, perhaps with types that are ours. */
export type TypesOfDay = (app: string, day: number) => Promise<readonly string[]>

/** The facts of the day say which there were. */
const OF_DAY = onAnalytics(
  'windows.types-of-day',
  `SELECT label FROM analytics.window_facts
  WHERE grain = 'day' AND platform = '(ALL)' AND start = $1 AND app = $2
    AND country_code = '(ALL)' AND metric = 'events'`,
)

export const countedTypes =
  (tx: Tx): TypesOfDay =>
  async (app, day) =>
    (await tx.run<{ readonly label: string }>(OF_DAY, [[day, app]])).map(({ label }) => label)

/** Days of apps that are remembered from one batch to the next. */
const REMEMBERED_MAX = 1_000

/** Ours are few, and never crowd a game's own out. */
const isOurs = (type: string): boolean =>
  isClientEventType(type) || isReservedEventType(type) || type === KPI_OTHER

/**
 * Under which name an event of `POST /event` counts. Whoever may send one names its type, and each
 * name is a dozen rows and an entry of every answer, so there is a bound. Which are kept depends on
 * the order of the log alone.
 * @param onNew is told each type that its day did not have
 */
export function createTypeLabels(onNew: (type: FreeType) => void = () => undefined) {
  let known = new Map<string, Set<string>>()

  const knownOf = async (typesOfDay: TypesOfDay, app: string, day: number) => {
    const key = `${day}\n${app}`
    const found = known.get(key)
    if (found) return found
    const types = new Set((await typesOfDay(app, day)).filter((type) => !isOurs(type)))
    known.set(key, types)
    return types
  }

  return {
    /** Before a batch: what one has added is nowhere else until it is written. */
    makeRoom(): void {
      if (known.size > REMEMBERED_MAX) known = new Map()
    },
    async of(
      typesOfDay: TypesOfDay,
      { app, at, type }: { readonly app: string; readonly at: number; readonly type: string },
    ): Promise<string> {
      if (isOurs(type)) return type
      const day = startOf('day', at)
      const types = await knownOf(typesOfDay, app, day)
      if (types.has(type)) return type
      if (types.size >= FREE_TYPES_MAX) return KPI_OTHER
      types.add(type)
      onNew({ app, day, type })
      return type
    },
    forget(): void {
      known = new Map()
    },
  }
}
