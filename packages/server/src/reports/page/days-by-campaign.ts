import { HISTORY_DAYS } from '../anomaly/anomaly.ts'
import type { Roas } from '../roas/roas.ts'
import type { Days } from './day-chart.ts'

/** The row of each campaign on each of the days before D-1 and on D-1, oldest first. */
export function daysByCampaign(
  byDay: ReadonlyMap<number, readonly Roas[]>,
  d1: number,
): (campaign: string) => Days {
  const nothing: Days = new Array<null>(HISTORY_DAYS + 1).fill(null)
  const days = new Map<string, (Roas | null)[]>()
  nothing.forEach((_none, index) => {
    for (const row of byDay.get(d1 - HISTORY_DAYS + index) ?? []) {
      const own = days.get(row.campaign) ?? [...nothing]
      own[index] = row
      days.set(row.campaign, own)
    }
  })
  return (campaign) => days.get(campaign) ?? nothing
}
