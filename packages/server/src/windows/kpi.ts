import { KPI_ALL as ALL, type KpiMetric } from '@questline/contracts'
import { countryNamed, countryOf } from '../quality/quality.ts'
import type { Read } from '../store/store.ts'
import { GRAIN_MS, type Grain } from './grains.ts'
import { readMissed } from './missed-users.ts'
import { parseSum, plus, type Sum } from './sums.ts'
import { type FactRow, readFacts } from './window-facts.ts'

export type KpiQuery = {
  readonly grain: Grain
  /** Milliseconds since the epoch, at the beginning of a window; `to` is not included. */
  readonly from: number
  readonly to: number
  /** Null: all. */
  readonly app: string | null
  readonly country: string | null
  readonly platform: string | null
  /** Null: all. */
  readonly metric: KpiMetric | null
}

type OfCountry = { readonly country: string; readonly country_code: string }

/** One window, as the contract shows it; with one metric asked for, only that. */
export type KpiWindow = {
  readonly start: number
  readonly purchases?: Sum
  readonly revenue_usd_micros?: Sum
  readonly users?: Sum
  /** At most so many users are missing in `users`; absent when none is. */
  readonly users_missed?: Sum
  readonly matches?: Sum
  readonly revenue_by_country?: readonly (OfCountry & { readonly revenue_usd_micros: Sum })[]
  readonly matches_by_country?: readonly (OfCountry & { readonly matches: Sum })[]
  readonly events_by_type?: readonly { readonly event_type: string; readonly count: Sum }[]
  readonly unconverted?: readonly { readonly currency: string; readonly amount_micros: Sum }[]
}

/** Windows read in one statement: 240 minutes of ten countries take about 10 ms, and others get their turn between. */
const WINDOWS_AT_ONCE = 240

/** The windows in which anything is, in the order of time. */
export async function readKpi(read: Read, query: KpiQuery): Promise<KpiWindow[]> {
  const { grain, from, to, app } = query
  const country = query.country === null ? null : countryNamed(query.country)
  const platform = query.platform?.trim().toUpperCase() ?? ALL
  const stepMs = WINDOWS_AT_ONCE * GRAIN_MS[grain]
  const windows: KpiWindow[] = []
  for (let at = from; at < to; at += stepMs) {
    const end = Math.min(at + stepMs, to)
    const rows = await readFacts(read, grain, at, end, { app, country, platform })
    const missed = await readMissed(read, grain, at, end, app)
    windows.push(...windowsOf({ rows, missed }, country ?? ALL, query.metric))
    if (at + stepMs < to) await new Promise(setImmediate)
  }
  return windows
}

type Found = { readonly rows: readonly FactRow[]; readonly missed: ReadonlyMap<number, Sum> }

/** Rows come by window. */
function windowsOf({ rows, missed }: Found, main: string, metric: KpiMetric | null): KpiWindow[] {
  const byStart = new Map<number, FactRow[]>()
  for (const row of rows) {
    const known = byStart.get(row.start)
    if (known) known.push(row)
    else byStart.set(row.start, [row])
  }
  return [...byStart].flatMap(([start, of]) => {
    const window = windowOf(start, of, main, metric)
    const users_missed = missed.get(start)
    if (window === null) return []
    return window.users === undefined || users_missed === undefined
      ? [window]
      : [{ ...window, users_missed }]
  })
}

function windowOf(
  start: number,
  rows: readonly FactRow[],
  main: string,
  metric: KpiMetric | null,
): KpiWindow | null {
  const whole = rows.filter(({ country }) => country === main)
  const total = (name: FactRow['metric']): Sum =>
    whole
      .filter((row) => row.metric === name)
      .reduce((sum, row) => plus(sum, parseSum(row.value)), 0 as Sum)
  const figures = {
    purchases: total('purchases'),
    revenue_usd_micros: total('revenue_usd_micros'),
    users: total('users'),
    matches: total('matches'),
    revenue_by_country: byCountry(rows, 'revenue_usd_micros').map(([of, value]) => ({
      ...of,
      revenue_usd_micros: value,
    })),
    matches_by_country: byCountry(rows, 'matches').map(([of, matches]) => ({ ...of, matches })),
    events_by_type: labelled(whole, 'events')
      .sort(([, a], [, b]) => compare(b, a))
      .map(([event_type, count]) => ({ event_type, count })),
    unconverted: labelled(whole, 'unconverted').map(([currency, amount_micros]) => ({
      currency,
      amount_micros,
    })),
  }
  if (metric === null) return { start, ...figures }
  const figure = figures[metric]
  const isEmpty = Array.isArray(figure) ? figure.length === 0 : figure === 0
  return isEmpty ? null : { start, [metric]: figure }
}

const compare = (a: Sum, b: Sum): number => (a < b ? -1 : a > b ? 1 : 0)

/** By label, whose order the statement gives. */
const labelled = (rows: readonly FactRow[], metric: FactRow['metric']): [string, Sum][] =>
  rows.filter((row) => row.metric === metric).map(({ label, value }) => [label, parseSum(value)])

/** The greatest first, then by code, which is the order of the statement. */
const byCountry = (rows: readonly FactRow[], metric: FactRow['metric']): [OfCountry, Sum][] =>
  rows
    .filter((row) => row.metric === metric && row.country !== ALL)
    .map(({ country, value }): [OfCountry, Sum] => [
      { country: countryOf(country).name, country_code: country },
      parseSum(value),
    ])
    .sort(([, a], [, b]) => compare(b, a))
