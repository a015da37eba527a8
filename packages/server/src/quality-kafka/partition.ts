import { isFields } from '../quality/quality.ts'
import { parseRate, type Rate } from '../windows/windows.ts'
import type { PartOf } from './part.ts'
import type { NewRow } from './rejected-rows.ts'
import { createSeen } from './seen.ts'
import type { StreamCheckpoint, StreamCount, StreamId, StreamRate } from './stream-rows.ts'

const MINUTE_MS = 60_000

type Counts = { enriched: number; rejected: number; duplicates: number; conflicts: number }
type KeptId = StreamId & { readonly receivedAt: number }

/**
 * What a replica knows of a partition that it has: as of its checkpoint, and, until that has moved, of
 * the records after it.
 */
export function createPartition(checkpoint: StreamCheckpoint, rates: readonly StreamRate[]) {
  const seen = createSeen(checkpoint.seen)
  const knownRates = new Map<string, Rate | null>(
    rates.map(({ day, currency, usdPerUnit }) => [rateKey(day, currency), parseRate(usdPerUnit)]),
  )
  const beats = new Map<number, number>()
  let beaten = Number.NEGATIVE_INFINITY
  let newRates = new Map<string, StreamRate>()
  let newIds: KeptId[] = []
  let rejected: NewRow[] = []
  let counts = new Map<string, Counts & { readonly app: string; readonly minute: number }>()

  return {
    seen,
    rateOf: (day: number, currency: string): Rate | null =>
      knownRates.get(rateKey(day, currency)) ?? null,

    setRates({ date, usd_per_unit }: PartOf<'rates'>): void {
      const day = Date.parse(`${date}T00:00:00Z`)
      if (Number.isNaN(day) || !isFields(usd_per_unit)) return
      for (const [currency, usdPerUnit] of Object.entries(usd_per_unit)) {
        if (typeof usdPerUnit !== 'string' || parseRate(usdPerUnit) === null) continue
        knownRates.set(rateKey(day, currency), parseRate(usdPerUnit))
        newRates.set(rateKey(day, currency), { day, currency, usdPerUnit })
      }
    },

    keepId(id: KeptId): void {
      newIds.push(id)
    },

    keepRejected(row: NewRow): void {
      rejected.push(row)
    },

    count(app: string, receivedAt: number, what: keyof Counts, by = 1): void {
      const minute = receivedAt - (receivedAt % MINUTE_MS)
      const key = `${minute}\n${app}`
      const none = { enriched: 0, rejected: 0, duplicates: 0, conflicts: 0 }
      const of = counts.get(key) ?? { app, minute, ...none }
      of[what] += by
      counts.set(key, of)
    },

    beat({ raw: [from], time_ms: timeMs }: PartOf<'heartbeat'>): void {
      beats.set(from, Math.max(timeMs, beats.get(from) ?? timeMs))
    },
    /** The time up to which all `count` raw partitions have come through, when that is news. */
    heartbeat(count: number): number | null {
      if (beats.size < count) return null
      const time = Math.min(...beats.values())
      if (time <= beaten) return null
      beaten = time
      return time
    },

    /** What has changed since the last time. */
    takeChanges() {
      const changes = {
        ids: newIds,
        rejected,
        rates: [...newRates.values()],
        counts: [...counts.values()] satisfies readonly StreamCount[],
        seen: seen.text(),
      }
      newIds = []
      rejected = []
      newRates = new Map()
      counts = new Map()
      return changes
    },
  }
}

const rateKey = (day: number, currency: string): string => `${day}\n${currency}`

export type Partition = ReturnType<typeof createPartition>
