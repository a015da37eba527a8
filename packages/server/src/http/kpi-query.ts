import { KPI_WINDOWS_MAX, type KpiMetric, ProblemError } from '@questline/contracts'
import { GRAIN_MS, type Grain, type KpiQuery, startOf } from '../windows/windows.ts'
import type { Caller } from './endpoint.ts'
import { parseClientTime } from './validation.ts'

type FilterQuery = {
  readonly app?: string
  readonly country?: string
  readonly platform?: string
  readonly metric?: KpiMetric
}
type RangeQuery = FilterQuery & { readonly from?: string; readonly to?: string }

/** Windows before `to` when nobody says from when: an hour, two days, a month. */
const WINDOWS_BY_DEFAULT: Readonly<Record<Grain, number>> = { minute: 60, hour: 48, day: 31 }

/** A key of one app sees that one; another operator one or all. */
export function appSeen(caller: Caller, asked: string | undefined): string | null {
  const own = caller.kind === 'key' ? caller.app : null
  if (own !== null && asked !== undefined && asked !== own) throw new ProblemError('forbidden')
  return own ?? asked ?? null
}

export const kpiFilter = (caller: Caller, query: FilterQuery) => ({
  app: appSeen(caller, query.app),
  country: query.country ?? null,
  platform: query.platform ?? null,
  metric: query.metric ?? null,
})

export function kpiQuery(grain: Grain, caller: Caller, query: RangeQuery, now: number): KpiQuery {
  const ms = GRAIN_MS[grain]
  // The window of now has begun, and is in it.
  const end = query.to === undefined ? now + 1 : parseClientTime(query.to)
  const to = startOf(grain, end + ms - 1)
  const from =
    query.from === undefined
      ? to - WINDOWS_BY_DEFAULT[grain] * ms
      : startOf(grain, parseClientTime(query.from))
  if (from > to) throw invalid('#/to', 'is before from')
  if ((to - from) / ms > KPI_WINDOWS_MAX) {
    throw invalid('#/from', `is more than ${KPI_WINDOWS_MAX} ${grain}s before to`)
  }
  return { grain, from, to, ...kpiFilter(caller, query) }
}

const invalid = (pointer: string, detail: string): ProblemError =>
  new ProblemError('invalid-request', { errors: [{ pointer, detail }] })
