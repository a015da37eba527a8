import type { Fraction } from '../anomaly/anomaly.ts'
import { formatRatio } from '../cells/cells.ts'
import { rejectedRows, rowsIn } from '../runs/runs.ts'
import type { Figure, Headline } from './headline.ts'
import { type Html, html, NOTHING } from './html.ts'
import { count, datum, decimal, plural, ratio, share } from './numbers.ts'
import type { PageData } from './page-data.ts'

/** The numbers of the day, each against its mean over the days before. */
export function headlineSection(figures: Headline, { inputs }: PageData): Html {
  const { revenue, cost, roas, paidRoas, dau, arpdau, matched } = figures
  const rows = rowsIn({ inputs })
  return html`
<section aria-labelledby="numbers">
<h2 id="numbers">The day in numbers</h2>
<dl class="figures">
${large('Revenue, USD', ratio('revenue_usd', revenue.value), moved('revenue_usd', revenue, 2))}
${large('Ad cost, USD', ratio('ad_cost_usd', cost.value), moved('ad_cost_usd', cost, 2))}
${large('ROAS', ratio('roas', roas.value), html`${moved('roas', roas, 2)}${paid(paidRoas)}`)}
${small('Active users', ratio('dau', dau.value, 0), moved('dau', dau, 0))}
${small('ARPDAU, USD', ratio('arpdau', arpdau.value, 4), moved('arpdau', arpdau, 4))}
${small('Purchases confirmed', share('matched_share', matched.value), movedShare(matched))}
${small('Rows rejected', count('rejected', rejectedRows({ inputs })), html`of ${count('rows_in', rows)} ${plural(rows, 'row')} in all files`)}
</dl>
</section>`
}

/** Purchases that no campaign paid for make the ROAS of all look better than that of any. */
const paid = (roas: Fraction | null): Html =>
  roas === null ? NOTHING : html`<br>${ratio('paid_roas', roas)} for the campaigns with a cost`

const large = (name: string, value: Html, below: Html): Html => figure('large', name, value, below)
const small = (name: string, value: Html, below: Html): Html => figure('small', name, value, below)

const figure = (size: string, name: string, value: Html, below: Html): Html =>
  html`<div class="${size}"><dt>${name}</dt><dd class="value">${value}</dd><dd class="moved">${below}</dd></div>`

/** The change in percent of the mean, unless that is 0. */
function moved(of: string, { value, mean, days }: Figure, places: number): Html {
  if (mean === null) return nothingBefore(of)
  const shown = html`${ratio(`${of}_mean`, mean, places)}, ${meanOf(of, days)}`
  if (value === null || mean[0] <= 0n) return shown
  const [above, below] = difference(value, mean)
  const change: Fraction = [above * mean[1], below * mean[0]]
  return html`${changed(of, change, `${decimal([size(change[0]) * 100n, change[1]], 1)}%`)} ${shown}`
}

/** A share moves by points: 80% is ten points below 90%, and not eleven percent. */
function movedShare({ value, mean, days }: Figure): Html {
  const of = 'matched_share'
  if (mean === null) return nothingBefore(of)
  const change = value && difference(value, mean)
  const points = change && `${decimal([size(change[0]) * 100n, change[1]], 1)} points`
  const words = change && points ? html`${changed(of, change, points)} ` : NOTHING
  return html`${words}${share(`${of}_mean`, mean)}, ${meanOf(of, days)}`
}

const nothingBefore = (of: string): Html =>
  datum(`${of}_days`, '0', 'no days before to compare with')

const meanOf = (of: string, days: number): Html =>
  html`mean of ${count(`${of}_days`, days)} ${plural(days, 'day')}`

function changed(of: string, change: Fraction, words: string): Html {
  const way = change[0] === 0n ? 'exactly' : `${words} ${change[0] < 0n ? 'below' : 'above'}`
  return datum(`${of}_change`, formatRatio(...change), way)
}

const difference = ([a, b]: Fraction, [c, d]: Fraction): Fraction => [a * d - c * b, b * d]

const size = (value: bigint): bigint => (value < 0n ? -value : value)
