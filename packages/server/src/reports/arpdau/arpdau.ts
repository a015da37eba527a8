// ARPDAU: what the purchases of one day came to, per player that was active that day.
import { formatDay, formatMicrosJson, formatRatio } from '../cells/cells.ts'
import { byCodePoint, type Roas } from '../roas/roas.ts'

export { countSessions, type SessionCounts } from './sessions.ts'

/** One campaign on D-1, or all of them together. */
export type Arpdau = {
  readonly day: number
  readonly campaign: string
  readonly revenue: bigint
  /** Distinct users with a session on that day: the same for every campaign, none has sessions. */
  readonly dau: number
}

const ALL = '(ALL)'

/**
 * One row for each row of ROAS and one for all together, in order of code points; none for a day
 * without campaigns and without sessions.
 */
export function arpdauOf(day: number, rows: readonly Roas[], dau: number): readonly Arpdau[] {
  if (rows.length === 0 && dau === 0) return []
  const revenue = rows.reduce((sum, row) => sum + row.revenue, 0n)
  return [{ campaign: ALL, revenue }, ...rows]
    .map((row) => ({ day, campaign: row.campaign, revenue: row.revenue, dau }))
    .sort((a, b) => byCodePoint(a.campaign, b.campaign))
}

/** One line of `arpdau_d1.json`. */
export function arpdauLine({ day, campaign, revenue, dau }: Arpdau): string {
  const ratio = dau === 0 ? 'null' : formatRatio(revenue, BigInt(dau) * 1_000_000n)
  return (
    `{"date":"${formatDay(day)}","campaign":${JSON.stringify(campaign)},` +
    `"revenue_usd":${formatMicrosJson(revenue)},"dau":${dau},"arpdau":${ratio}}`
  )
}
