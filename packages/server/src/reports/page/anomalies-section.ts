import type { Anomaly, AnomalyReason } from '../anomaly/anomaly.ts'
import { type Days, dayChart } from './day-chart.ts'
import { foreignName, type Html, html, NOTHING } from './html.ts'
import { count, datum, plural, ratio } from './numbers.ts'

/** The worst are enough for one morning. */
export const ANOMALIES_MAX = 30

const SEVERITIES = { critical: 'Critical', warning: 'Warning' } as const

/** What has to be looked at first: the critical ones, and of each kind those that cost the most. */
export function anomaliesSection(
  anomalies: readonly Anomaly[],
  daysOf: (campaign: string) => Days,
): Html {
  const found = inOrderOfNeed(anomalies)
  const shown = found.slice(0, ANOMALIES_MAX)
  const more = found.length - shown.length
  return html`
<section aria-labelledby="anomalies">
<h2 id="anomalies">Anomalies</h2>
<p>${verdict(anomalies)}</p>
${shown.length === 0 ? NOTHING : html`<ol class="anomalies">${shown.map((anomaly) => card(anomaly, daysOf(anomaly.roas.campaign)))}</ol>`}
${more === 0 ? NOTHING : html`<p class="more">${count('more_anomalies', more)} more in <code>roas_anomaly.json</code>.</p>`}
</section>`
}

function inOrderOfNeed(anomalies: readonly Anomaly[]): readonly Anomaly[] {
  const found = anomalies.filter(({ severity }) => severity !== null)
  const bySeverity = (severity: Anomaly['severity']): number => (severity === 'critical' ? 0 : 1)
  // The anomalies come in order of campaigns, and a sort keeps that where all else is equal.
  return found.sort(
    (a, b) =>
      bySeverity(a.severity) - bySeverity(b.severity) ||
      (a.roas.cost < b.roas.cost ? 1 : a.roas.cost > b.roas.cost ? -1 : 0),
  )
}

/** How many campaigns were judged, and how. */
function verdict(anomalies: readonly Anomaly[]): Html {
  if (anomalies.length === 0) return html`There is no campaign to judge.`
  const of = (reason: AnomalyReason): number =>
    anomalies.filter((anomaly) => anomaly.reason === reason).length
  const critical = anomalies.filter(({ severity }) => severity === 'critical').length
  const warning = anomalies.filter(({ severity }) => severity === 'warning').length
  const fine = of('ok')
  return html`${count('critical', critical)} critical, ${count('warning', warning)} ${plural(warning, 'warning')}. ${count('ok', fine)} ${plural(fine, 'campaign')} within the usual; ${count('insufficient_history', of('insufficient_history'))} with fewer than three days of cost before, ${count('no_cost', of('no_cost'))} without a cost on the day, which cannot be judged.`
}

function card(anomaly: Anomaly, days: Days): Html {
  const { roas, average, severity, reason, suggestion } = anomaly
  if (severity === null) return NOTHING
  const why = reason === 'no_revenue' ? 'No revenue' : 'ROAS below half of its mean'
  return html`
<li class="${severity}" data-row="anomaly">${dayChart(days, average)}
<h3>${datum('severity', severity, SEVERITIES[severity])} ${foreignName(roas.campaign)}</h3>
<p>${datum('reason', reason, why)}: ${ratio('roas_d1', [roas.revenue, roas.cost])} against ${ratio('avg7', average)}, the mean of ${count('days', anomaly.days)} days.</p>
<p class="suggestion" data-of="suggestion">${suggestion ?? ''}</p></li>`
}
