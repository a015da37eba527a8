import type { PurchaseRows } from '../clean/clean.ts'
import { MARK } from '../clean/clean.ts'
import type { CampaignCost } from '../inspect/inspect.ts'
import type { DateReason } from '../runs/runs.ts'

/** The day of the reports, in days since 1970, and why it is that one. */
export type D1 = { readonly day: number; readonly reason: DateReason }

const DAY_MICROS = 86_400_000_000

/**
 * The day that was asked for; else yesterday, if there are purchases of yesterday or of today; else
 * the second newest day that has purchases, since the newest is taken as unfinished. Days after today
 * do not count.
 */
export function chooseD1(
  asked: number | null,
  today: number,
  days: readonly number[],
  costs: readonly CampaignCost[],
): D1 {
  if (asked !== null) return { day: asked, reason: 'asked' }
  const [newest, second] = days
  if (newest === undefined) {
    const newestCost = costs.reduce<number | null>(
      (latest, { day }) => (latest === null || day > latest ? day : latest),
      null,
    )
    if (newestCost === null) return { day: today - 1, reason: 'no-data' }
    return { day: newestCost, reason: 'newest-cost-day' }
  }
  if (newest >= today - 1) return { day: today - 1, reason: 'yesterday' }
  if (second === undefined) return { day: newest, reason: 'only-day' }
  return { day: second, reason: 'second-newest-day' }
}

/** The two newest days, not after `today`, that have a kept purchase; newest first. */
export function newestDays(rows: PurchaseRows, marks: Uint8Array, today: number): number[] {
  const days: number[] = []
  for (let rank = rows.count - 1; rank >= 0 && days.length < 2; rank -= 1) {
    if ((marks[rank] as number) & MARK.duplicate) continue
    const day = Math.floor((rows.instants[rank] as number) / DAY_MICROS)
    if (day <= today && day !== days.at(-1)) days.push(day)
  }
  return days
}
