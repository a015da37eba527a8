import { type Html, html, NOTHING } from './html.ts'

/** What the two sides know, left to right: the store does not know the first, AppsFlyer not the last. */
export const PARTS = ['af_only', 'matched_by_receipt', 'matched_by_time', 'confirmed_only'] as const
export type Part = (typeof PARTS)[number]
export type Parts = Readonly<Record<Part, bigint>>

/** Percent of the width kept between two parts, so that neighbours of like shade stay two. */
const GAP = 0.3

/**
 * Two bars, of rows and of money, in which what both sides know is the middle: a bracket above spans
 * what AppsFlyer reported, one below what the store confirmed. The table beside it says it in numbers.
 */
export function reconciliationPicture(rows: Parts, micros: Parts): Html {
  return html`
<div class="bars" role="img" aria-label="Two bars, of rows and of money, each from left to right: only AppsFlyer, matched by receipt, matched by time, only the store. The table has their numbers.">
${bar('rows', rows)}${bar('money', micros)}
</div>`
}

function bar(name: string, parts: Parts): Html {
  const total = PARTS.reduce((sum, part) => sum + parts[part], 0n)
  if (total === 0n) return html`<p>No ${name}.</p>`
  const percent = (value: bigint): number => Number((value * 10_000n) / total) / 100
  let from = 0
  const segments = PARTS.map((part) => {
    const width = percent(parts[part])
    const x = from
    from += width
    // What is there is seen, however little it is.
    const seen = Math.max(0.2, round(width - GAP))
    return parts[part] === 0n
      ? NOTHING
      : html`<rect class="${part}" x="${round(x)}%" y="26" width="${seen}%" height="26"/>`
  })
  const afEnd = round(100 - percent(parts.confirmed_only))
  const storeStart = round(percent(parts.af_only))
  return html`<svg width="100%" height="80" aria-hidden="true"><text x="0" y="12">Reported to AppsFlyer, by ${name}</text>${bracket(0, afEnd, 18, 23)}${segments}${bracket(storeStart, 100, 60, 55)}<text x="100%" y="76" text-anchor="end">Confirmed by the store, by ${name}</text></svg>`
}

/** A line from one place to another with an end at each that points to the bar. */
const bracket = (from: number, to: number, at: number, towards: number): Html =>
  from >= to
    ? NOTHING
    : html`<line x1="${from}%" x2="${to}%" y1="${at}" y2="${at}"/><line x1="${from}%" x2="${from}%" y1="${at}" y2="${towards}"/><line x1="${to}%" x2="${to}%" y1="${at}" y2="${towards}"/>`

const round = (value: number): number => Math.round(value * 100) / 100
