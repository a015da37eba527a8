import { arrivedApps, readArrivals } from '../log/log.ts'
import type { Read } from '../store/store.ts'
import { readCounts } from './counts.ts'

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
    const byMinute = new Map(counts.map((count) => [count.minute, count]))
    for (const arrived of await readArrivals(readBooks, name, from, to)) {
      const { minute, accepted, duplicates, conflicts, rejected } = arrived
      const { enriched = 0, rejected: refused = 0 } = byMinute.get(minute) ?? {}
      rows.push({
        ...{ app: name, minute, received: accepted + duplicates + conflicts + rejected },
        ...{ accepted, duplicates, conflicts, rejected, enriched, refused },
        waiting: accepted - enriched - refused,
      })
    }
    if (rows.length > rowsMax) return null
  }
  return rows
}
