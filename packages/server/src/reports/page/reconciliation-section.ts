import type { ReconciliationSummary } from '../reconciliation/reconciliation.ts'
import type { Details } from './details.ts'
import { type Html, html } from './html.ts'
import { count, datum, money, plural, share } from './numbers.ts'
import { PARTS, type Part, reconciliationPicture } from './reconciliation-picture.ts'

const NAMES: Readonly<Record<Part, string>> = {
  af_only: 'Only AppsFlyer',
  matched_by_receipt: 'Matched by receipt',
  matched_by_time: 'Matched by time',
  confirmed_only: 'Only the store',
}

type PartRow = {
  readonly rows: number
  readonly reported: bigint | null
  readonly confirmed: bigint | null
}

/** What AppsFlyer reported beside what the stores confirmed, over all days of the files. */
export function reconciliationSection(summary: ReconciliationSummary, details: Details): Html {
  const parts = partsOf(summary, details)
  const all = summary.matched + summary.afOnly + summary.confirmedOnly
  const of = <T>(value: (part: PartRow) => T) => ({
    af_only: value(parts.af_only),
    matched_by_receipt: value(parts.matched_by_receipt),
    matched_by_time: value(parts.matched_by_time),
    confirmed_only: value(parts.confirmed_only),
  })
  return html`
<section aria-labelledby="reconciliation">
<h2 id="reconciliation">Reconciliation</h2>
<p>All days of the files. ${count('matched', summary.matched)} ${plural(summary.matched, 'purchase')} found ${summary.matched === 1 ? 'its' : 'their'} confirmation.</p>
${
  all === 0
    ? html``
    : reconciliationPicture(
        of(({ rows }) => BigInt(rows)),
        of(({ reported, confirmed }) => reported ?? confirmed ?? 0n),
      )
}
<div class="wide" role="region" aria-labelledby="reconciliation" tabindex="0"><table>
<thead><tr><th scope="col">Verdict</th><th scope="col" class="n">Rows</th><th scope="col" class="n">Share</th><th scope="col" class="n">Reported, USD</th><th scope="col" class="n">Confirmed, USD</th></tr></thead>
<tbody>${PARTS.map((part) => tableRow(part, parts[part], all))}
</tbody></table></div>
<p>A charged-back purchase counts as 0 reported. ${mismatches(summary.amountMismatch, details)}</p>
</section>`
}

function mismatches(rows: number, { amountMismatch: { original, confirmed } }: Details): Html {
  const differ = html`${count('amount_mismatch', rows)} matched ${plural(rows, 'pair')} ${rows === 1 ? 'differs' : 'differ'} in amount`
  if (rows === 0) return html`${differ}.`
  return html`${differ}: ${money('mismatch_reported_usd', original)} USD reported, chargebacks included, and ${money('mismatch_confirmed_usd', confirmed)} confirmed, a difference of ${money('mismatch_difference_usd', confirmed - original)}.`
}

function partsOf(
  summary: ReconciliationSummary,
  details: Details,
): Readonly<Record<Part, PartRow>> {
  const { revenue } = summary
  const { byReceipt, byTime } = details
  return {
    af_only: { rows: summary.afOnly, reported: revenue.afOnly, confirmed: null },
    matched_by_receipt: {
      ...{ rows: byReceipt.rows, reported: byReceipt.revenue, confirmed: byReceipt.confirmed },
    },
    matched_by_time: {
      ...{ rows: byTime.rows, reported: byTime.revenue, confirmed: byTime.confirmed },
    },
    confirmed_only: {
      ...{ rows: summary.confirmedOnly, reported: null, confirmed: revenue.confirmedOnly },
    },
  }
}

function tableRow(part: Part, { rows, reported, confirmed }: PartRow, all: number): Html {
  const amount = (of: string, micros: bigint | null): Html =>
    micros === null ? datum(of, 'null', '–') : money(of, micros)
  return html`
<tr data-row="${part}"><th scope="row"><svg class="key" width="12" height="12" aria-hidden="true"><rect class="${part}" width="12" height="12"/></svg> ${NAMES[part]}</th><td class="n">${count('rows', rows)}</td><td class="n">${share('share', all === 0 ? null : [BigInt(rows), BigInt(all)])}</td><td class="n">${amount('reported_usd', reported)}</td><td class="n">${amount('confirmed_usd', confirmed)}</td></tr>`
}
