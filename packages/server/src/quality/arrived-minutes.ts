import { type Arrivals, arrivedApps, readArrivals } from '../log/log.ts'
import type { Read } from '../store/store.ts'
import { type QualityCount, readCounts } from './counts.ts'

/** Events of one app that arrived in one minute, by our clock. */
export type ArrivedMinute = {
  readonly app: string
  /** Milliseconds since the epoch. */
  readonly minute: number
  /** accepted + duplicates + conflicts + rejected */
  readonly received: number
  /** enriched + refused + waiting */
  readonly accepted: number
  readonly duplicates: number
  readonly conflicts: number
  readonly rejected: number
  readonly enriched: number
  readonly refused: number
  /** Accepted, and not yet looked at. */
  readonly waiting: number
}

export type ArrivedRange = {
  /** Milliseconds since the epoch, at the beginning of a minute; `to` is not included. */
  readonly from: number
  readonly to: number
  /** Null: all. */
  readonly app: string | null
  readonly rowsMax: number
}

/**
 * What the door counted beside what quality made of it, by app and minute.
 * @returns null when there are more rows than `rowsMax`
 */
export async function arrivedMinutes(
  readBooks: Read,
  readAnalytics: Read,
  { from, to, app, rowsMax }: ArrivedRange,
): Promise<readonly ArrivedMinute[] | null> {
  const rows: ArrivedMinute[] = []
  for (const name of app === null ? await arrivedApps(readBooks) : [app]) {
    // First what became of them: read the other way round, less than nothing could seem to wait.
    const counts = await readCounts(readAnalytics, name, from, to)
    const arrivals = await readArrivals(readBooks, name, from, to)
    const minutes = new Set([...arrivals, ...counts].map(({ minute }) => minute))
    const judgedIn = new Map(counts.map((count) => [count.minute, count]))
    const arrivedIn = new Map(arrivals.map((arrived) => [arrived.minute, arrived]))
    for (const minute of [...minutes].toSorted((a, b) => a - b)) {
      rows.push(minuteOf(name, minute, arrivedIn.get(minute), judgedIn.get(minute)))
    }
    if (rows.length > rowsMax) return null
  }
  return rows
}

/** What went to Kafka past the books is known when quality has looked at it, and not before. */
function minuteOf(
  app: string,
  minute: number,
  arrived: Omit<Arrivals, 'app' | 'minute'> = NONE_ARRIVED,
  judged: Omit<QualityCount, 'app' | 'minute'> = NONE_JUDGED,
): ArrivedMinute {
  const { enriched, rejected: refused } = judged
  const accepted = Math.max(arrived.accepted, enriched + refused)
  const duplicates = arrived.duplicates + judged.duplicates
  const conflicts = arrived.conflicts + judged.conflicts
  const { rejected } = arrived
  return {
    ...{ app, minute, received: accepted + duplicates + conflicts + rejected },
    ...{ accepted, duplicates, conflicts, rejected, enriched, refused },
    waiting: accepted - enriched - refused,
  }
}

const NONE_ARRIVED = { accepted: 0, duplicates: 0, conflicts: 0, rejected: 0 }
const NONE_JUDGED = { enriched: 0, rejected: 0, duplicates: 0, conflicts: 0 }
