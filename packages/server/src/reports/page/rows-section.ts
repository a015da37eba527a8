import type { ByReason, InputSummary } from '../runs/runs.ts'
import { type Html, html, NOTHING } from './html.ts'
import { count, datum } from './numbers.ts'
import type { PageData } from './page-data.ts'
import { FILTER_REASONS, REJECT_REASONS } from './reasons.ts'

/** Where the rows of each file ended, and why those that do not count do not. */
export function rowsSection({ inputs, notes }: PageData): Html {
  const reasons = inputs.flatMap((input) => [
    ...reasonRows(input, 'rejected', REJECT_REASONS),
    ...reasonRows(input, 'filtered', FILTER_REASONS),
  ])
  return html`
<section aria-labelledby="rows">
<h2 id="rows">What became of the rows</h2>
<p>Every row ends in one place: kept, a duplicate of another, filtered since it does not count, or rejected since it cannot be read. <code>rejected_rows.csv</code> has each rejected row with its line and its text.</p>
<div class="wide" role="region" aria-labelledby="rows" tabindex="0"><table>
<thead><tr><th scope="col">File</th><th scope="col" class="n">Rows</th><th scope="col" class="n">Kept</th><th scope="col" class="n">Duplicates</th><th scope="col" class="n">Filtered</th><th scope="col" class="n">Rejected</th></tr></thead>
<tbody>${inputs.map(fileRow)}
</tbody></table></div>
${reasons.length === 0 ? html`<p>No row was filtered, none rejected.</p>` : reasonTable(reasons)}
${notes.length === 0 ? NOTHING : html`<h3>Notes</h3><ul class="notes">${notes.map((note) => html`<li>${note}</li>`)}</ul>`}
</section>`
}

const fileRow = ({ file, rows_in, kept, duplicates, filtered, rejected }: InputSummary): Html =>
  html`
<tr data-row="file"><th scope="row">${datum('file', file, file)}</th><td class="n">${count('rows_in', rows_in)}</td><td class="n">${count('kept', kept)}</td><td class="n">${count('duplicates', duplicates)}</td><td class="n">${count('filtered', total(filtered))}</td><td class="n">${count('rejected', total(rejected))}</td></tr>`

const reasonTable = (rows: readonly Html[]): Html => html`
<h3 id="reasons">Why rows do not count</h3>
<div class="wide" role="region" aria-labelledby="reasons" tabindex="0"><table>
<thead><tr><th scope="col">File</th><th scope="col">Fate</th><th scope="col">Reason</th><th scope="col" class="n">Rows</th><th scope="col">Meaning</th></tr></thead>
<tbody>${rows}
</tbody></table></div>`

/** The most frequent reason first. */
function reasonRows(
  { file, ...fates }: InputSummary,
  fate: 'filtered' | 'rejected',
  meanings: Readonly<Record<string, string>>,
): readonly Html[] {
  return Object.entries(fates[fate])
    .sort(([a, rowsA], [b, rowsB]) => rowsB - rowsA || (a < b ? -1 : 1))
    .map(
      ([reason, rows]) => html`
<tr data-row="reason"><th scope="row">${datum('file', file, file)}</th><td>${datum('fate', fate, fate)}</td><td><code>${datum('reason', reason, reason)}</code></td><td class="n">${count('rows', rows)}</td><td>${meanings[reason] ?? ''}</td></tr>`,
    )
}

function total(reasons: ByReason): number {
  return Object.values(reasons).reduce((sum, rows) => sum + rows, 0)
}
