import { formatInstant } from '../cells/cells.ts'
import type { ReconciliationSummary } from '../reconciliation/reconciliation.ts'
import type { Detail, Details } from './details.ts'
import { foreignName, type Html, html, NOTHING } from './html.ts'
import { count, money } from './numbers.ts'

type List = {
  readonly id: string
  readonly title: string
  readonly details: readonly Detail[]
  readonly total: number
  readonly none: string
}

/** The single rows that are worth asking the store or AppsFlyer about. */
export function discrepanciesSection(summary: ReconciliationSummary, details: Details): Html {
  return html`
<section aria-labelledby="discrepancies">
<h2 id="discrepancies">Worst discrepancies</h2>
${list({
  id: 'amount_mismatch',
  title: 'The store confirmed another amount',
  details: details.worstMismatches,
  total: summary.amountMismatch,
  none: 'Every matched pair agrees in amount.',
})}
${list({
  id: 'af_only',
  title: 'Only AppsFlyer knows of it',
  details: details.largestAfOnly,
  total: summary.afOnly,
  none: 'Every purchase that counts is confirmed.',
})}
${list({
  id: 'confirmed_only',
  title: 'Only the store knows of it',
  details: details.largestConfirmedOnly,
  total: summary.confirmedOnly,
  none: 'Every confirmation has its purchase.',
})}
</section>`
}

function list({ id, title, details, total, none }: List): Html {
  const [first] = details
  if (first === undefined) return html`<h3>${title}</h3><p>${none}</p>`
  const amounts = amountsOf(first).map(({ name }) => html`<th scope="col" class="n">${name}</th>`)
  return html`<h3 id="worst_${id}">${title}</h3>
<p>The largest ${count(`shown_${id}`, details.length)} of ${count(`all_${id}`, total)}${total > details.length ? html`; <code>reconciliation.json</code> has all` : NOTHING}.</p>
<div class="wide" role="region" aria-labelledby="worst_${id}" tabindex="0"><table>
<thead><tr><th scope="col">Time, UTC</th><th scope="col">Player</th><th scope="col">Receipt</th>${amounts}</tr></thead>
<tbody>${details.map((detail) => row(id, detail))}
</tbody></table></div>`
}

function row(id: string, detail: Detail): Html {
  const time = formatInstant(detail.instant)
  const amounts = amountsOf(detail).map(
    ({ of, micros }) => html`<td class="n">${money(of, micros)}</td>`,
  )
  return html`
<tr data-row="worst_${id}"><td><time datetime="${time}">${time.slice(0, 10)} ${time.slice(11, -1)}</time></td><th scope="row">${foreignName(detail.player)}</th><td>${detail.receipt === null ? '–' : foreignName(detail.receipt)}</td>${amounts}</tr>`
}

type Amount = { readonly of: string; readonly name: string; readonly micros: bigint }

/** What is known of a detail; the same for all of one list. */
function amountsOf({ reported, confirmed }: Detail): readonly Amount[] {
  const amounts: Amount[] = []
  if (reported !== null) {
    amounts.push({ of: 'reported_usd', name: 'Reported, USD', micros: reported })
  }
  if (confirmed !== null) {
    amounts.push({ of: 'confirmed_usd', name: 'Confirmed, USD', micros: confirmed })
  }
  if (reported !== null && confirmed !== null) {
    const micros = confirmed - reported
    amounts.push({ of: 'difference_usd', name: 'Difference, USD', micros })
  }
  return amounts
}
