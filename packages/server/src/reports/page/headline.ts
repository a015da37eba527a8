import { type Fraction, HISTORY_DAYS, meanOf } from '../anomaly/anomaly.ts'
import type { Roas } from '../roas/roas.ts'
import type { Details } from './details.ts'
import type { PageData } from './page-data.ts'

/** A number of D-1 beside its mean over those of the seven days before that have it. */
export type Figure = {
  /** Null where there is none, as a ratio without anything below the line. */
  readonly value: Fraction | null
  readonly mean: Fraction | null
  /** How many days the mean is of. */
  readonly days: number
}

export type Headline = {
  readonly revenue: Figure
  readonly cost: Figure
  /** Revenue of all campaigns ÷ cost of all campaigns. */
  readonly roas: Figure
  /** The same of the campaigns alone that had a cost on D-1; null when none had. */
  readonly paidRoas: Fraction | null
  readonly dau: Figure
  readonly arpdau: Figure
  /** Share of the day's purchases that are matched to a confirmation. */
  readonly matched: Figure
}

/** What one day came to; null where nothing is known of it. */
type DayFigures = Readonly<
  Record<'revenue' | 'cost' | 'roas' | 'dau' | 'arpdau' | 'matched', Fraction | null>
>

/** The first numbers of the page. */
export function headline(data: PageData, details: Details): Headline {
  const { day } = data.d1
  const own = figuresOf(day, data, details)
  const before = Array.from({ length: HISTORY_DAYS }, (_value, back) =>
    figuresOf(day - 1 - back, data, details),
  )
  const figure = (name: keyof DayFigures): Figure => {
    const known = before.map((figures) => figures[name]).filter((value) => value !== null)
    return { value: own[name], mean: meanOf(known), days: known.length }
  }
  const paid = (data.byDay.get(day) ?? []).filter(({ status }) => status !== 'no_cost')
  return {
    revenue: figure('revenue'),
    cost: figure('cost'),
    roas: figure('roas'),
    paidRoas: quotient(sumOf(paid, 'revenue'), sumOf(paid, 'cost')),
    dau: figure('dau'),
    arpdau: figure('arpdau'),
    matched: figure('matched'),
  }
}

/** A day without a row is no day of nothing: the data may begin after it. */
function figuresOf(day: number, { d1, byDay, usersByDay }: PageData, details: Details) {
  const isD1 = day === d1.day
  const rows = byDay.get(day)
  const revenue = sumOf(rows ?? [], 'revenue')
  const cost = sumOf(rows ?? [], 'cost')
  const users = BigInt(usersByDay.get(day) ?? 0)
  const { purchases, matched } = details.days.get(day) ?? { purchases: 0, matched: 0 }
  const isKnown = isD1 || rows !== undefined
  return {
    revenue: isKnown ? ([revenue, MICROS] as const) : null,
    cost: isKnown ? ([cost, MICROS] as const) : null,
    roas: quotient(revenue, cost),
    dau: isD1 || users > 0n ? ([users, 1n] as const) : null,
    arpdau: quotient(revenue, users * MICROS),
    matched: quotient(BigInt(matched), BigInt(purchases)),
  } satisfies DayFigures
}

const MICROS = 1_000_000n

/** Null where nothing, or a credit, is below the line. */
const quotient = (above: bigint, below: bigint): Fraction | null =>
  below > 0n ? [above, below] : null

const sumOf = (rows: readonly Roas[], column: 'revenue' | 'cost'): bigint =>
  rows.reduce((sum, row) => sum + row[column], 0n)
