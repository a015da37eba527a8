import type { Fraction } from '../anomaly/anomaly.ts'
import { formatRatio } from '../cells/cells.ts'
import type { Roas } from '../roas/roas.ts'
import { type Html, html, NOTHING } from './html.ts'
import { decimal } from './numbers.ts'

const HEIGHT = 28
const BAR = 8
const STEP = 11
/** D-1 stands a little apart from the days before. */
const APART = 4

/** ROAS of the days before D-1 and of D-1, oldest first; null for a day without row. */
export type Days = readonly (Roas | null)[]

/**
 * The days as bars to a scale of their own: a gap for one without cost, a stub for one without
 * revenue, and a line at the mean. For those who cannot see it the label says the same, and for
 * programs `data-days` has the exact ratios.
 */
export function dayChart(days: Days, average: Fraction | null): Html {
  const ratios = days.map((row) =>
    row === null || row.status === 'no_cost' ? null : ([row.revenue, row.cost] as const),
  )
  const values = ratios.map((each) => (each === null ? null : Number(formatRatio(...each))))
  const mean = average === null ? null : Number(formatRatio(...average))
  const top = Math.max(mean ?? 0, ...values.map((value) => value ?? 0))
  const heightOf = (value: number): number =>
    top === 0 ? 0 : Math.round((value / top) * (HEIGHT - 1) * 10) / 10
  const last = days.length - 1
  const xOf = (index: number): number => index * STEP + (index === last ? APART : 0)
  const bars = values.map((value, index) => {
    if (value === null) return ''
    const height = Math.max(1, heightOf(value))
    return `M${xOf(index)} ${HEIGHT}v-${height}h${BAR}v${height}z`
  })
  const width = xOf(last) + BAR
  const exact = ratios.map((each) => (each === null ? '-' : formatRatio(...each)))
  const words = ratios.map((each) => (each === null ? 'no cost' : decimal(each, 2)))
  return html`<svg class="days" role="img" width="${width}" height="29" viewBox="0 0 ${width} 29" data-days="${exact.join(' ')}" aria-label="ROAS by day, D-1 last: ${words.join(', ')}"><path class="base" d="M0 28.5h${width}"/><path class="past" d="${bars.slice(0, last).join('')}"/><path class="d1" d="${bars[last] ?? ''}"/>${mean === null ? NOTHING : html`<path class="mean" d="M0 ${HEIGHT - heightOf(mean)}h${width}"/>`}</svg>`
}
