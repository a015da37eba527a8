import type { Anomaly } from '../anomaly/anomaly.ts'
import type { Roas } from '../roas/roas.ts'
import { type Days, dayChart } from './day-chart.ts'
import { foreignName, type Html, html, NOTHING } from './html.ts'
import { count, datum, money, plural, ratio } from './numbers.ts'

/** Campaigns of the table, by what they cost; the JSON has all. */
export const CAMPAIGNS_MAX = 100

const STATUS = { ok: '', no_revenue: 'no revenue', no_cost: 'no cost' } as const

/** Every campaign of D-1 with its week, the dearest first. */
export function roasSection(
  anomalies: readonly Anomaly[],
  daysOf: (campaign: string) => Days,
  week: string,
): Html {
  const rows = [...anomalies].sort((a, b) => byCost(a.roas, b.roas))
  const shown = rows.slice(0, CAMPAIGNS_MAX)
  return html`
<section aria-labelledby="roas">
<h2 id="roas">ROAS per campaign</h2>
${rows.length === 0 ? html`<p>No campaign had a purchase or a cost on this day.</p>` : table(shown, daysOf, week)}
${remainder(rows.slice(CAMPAIGNS_MAX))}
</section>`
}

/** Descending by cost, then revenue; the rows come in order of campaigns, and a sort keeps that. */
function byCost(a: Roas, b: Roas): number {
  if (a.cost !== b.cost) return a.cost < b.cost ? 1 : -1
  return a.revenue === b.revenue ? 0 : a.revenue < b.revenue ? 1 : -1
}

const table = (
  rows: readonly Anomaly[],
  daysOf: (campaign: string) => Days,
  week: string,
): Html => html`
<p>By cost. The bars are the ROAS of ${week}, each row to its own scale: grey the days before, in colour D-1, a gap for a day without cost, a line at the mean of the days before.</p>
<div class="wide" role="region" aria-labelledby="roas" tabindex="0"><table>
<thead><tr><th scope="col">Campaign</th><th scope="col">Seven days, D-1</th><th scope="col" class="n">ROAS</th><th scope="col" class="n">Mean</th><th scope="col" class="n">Days</th><th scope="col" class="n">Revenue, USD</th><th scope="col" class="n">Cost, USD</th><th scope="col">Status</th></tr></thead>
<tbody>${rows.map((row) => campaignRow(row, daysOf(row.roas.campaign)))}
</tbody></table></div>`

function campaignRow({ roas, average, days, severity }: Anomaly, week: Days): Html {
  const { campaign, revenue, cost, status } = roas
  const mark = severity === null ? NOTHING : html`<b>${severity}</b> `
  return html`
<tr data-row="roas" class="${severity ?? 'usual'}"><th scope="row">${foreignName(campaign)}</th><td>${dayChart(week, average)}</td><td class="n">${ratio('roas', status === 'no_cost' ? null : [revenue, cost])}</td><td class="n">${ratio('avg7', average)}</td><td class="n">${count('days', days)}</td><td class="n">${money('revenue_usd', revenue)}</td><td class="n">${money('ad_cost_usd', cost)}</td><td class="status">${mark}${datum('status', status, STATUS[status])}</td></tr>`
}

function remainder(rows: readonly Anomaly[]): Html {
  if (rows.length === 0) return NOTHING
  const total = (column: 'revenue' | 'cost'): bigint =>
    rows.reduce((sum, { roas }) => sum + roas[column], 0n)
  return html`<p class="more">${count('more_campaigns', rows.length)} more ${plural(rows.length, 'campaign')}, with a revenue of ${money('more_revenue_usd', total('revenue'))} and a cost of ${money('more_ad_cost_usd', total('cost'))} USD together, in <code>roas_d1.json</code>.</p>`
}
