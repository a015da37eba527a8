// What report.html says, read out of the page into one plain object.
import {
  type Element,
  elementsIn,
  named,
  parsePage,
  rowsOf,
  sectionOf,
  textOf,
  valuesIn,
} from './page-reader.ts'

export type Values = Readonly<Record<string, string>>

/** A row of a table or a list: its exact values, and the names and the chart in it. */
export type PageRow = {
  readonly values: Values
  readonly names: readonly string[]
  readonly days?: string
}

export type PageContents = {
  readonly day: string
  readonly headline: Values
  readonly verdict: Values
  readonly anomalies: readonly (PageRow & { readonly suggestion: string })[]
  readonly campaigns: readonly PageRow[]
  readonly more: Values
  readonly parts: Readonly<Record<Part, Values>>
  readonly reconciliation: Values
  readonly worst: Readonly<Record<Worst, readonly PageRow[]>>
  readonly worstCounts: Values
  readonly files: readonly Values[]
  readonly reasons: readonly Values[]
  readonly notes: readonly string[]
}

export const PARTS = ['af_only', 'matched_by_receipt', 'matched_by_time', 'confirmed_only'] as const
export type Part = (typeof PARTS)[number]
export const WORST = ['amount_mismatch', 'af_only', 'confirmed_only'] as const
export type Worst = (typeof WORST)[number]

export function contentsOf(html: string): PageContents {
  const page = parsePage(html)
  const section = (id: string): Element => sectionOf(page, id)
  const outsideRows = (id: string): Values => valuesIn(withoutRows(section(id)))
  const [time] = named(page, 'time')
  return {
    day: time?.attributes['datetime'] ?? '',
    headline: valuesIn(section('numbers')),
    verdict: outsideRows('anomalies'),
    anomalies: rowsOf(page, 'anomaly').map((row) => ({
      ...pageRow(row),
      suggestion: elementsIn(row, ({ attributes }) => attributes['data-of'] === 'suggestion')
        .map(textOf)
        .join(),
    })),
    campaigns: rowsOf(page, 'roas').map(pageRow),
    more: outsideRows('roas'),
    parts: byName(PARTS, (part) => valuesIn({ ...page, children: rowsOf(page, part) })),
    reconciliation: outsideRows('reconciliation'),
    worst: byName(WORST, (list) => rowsOf(page, `worst_${list}`).map(pageRow)),
    worstCounts: outsideRows('discrepancies'),
    files: rowsOf(page, 'file').map(valuesIn),
    reasons: rowsOf(page, 'reason').map(valuesIn),
    notes: elementsIn(page, ({ attributes }) => attributes['class'] === 'notes')
      .flatMap((list) => named(list, 'li'))
      .map(textOf),
  }
}

function pageRow(row: Element): PageRow {
  const [chart] = named(row, 'svg')
  const days = chart?.attributes['data-days']
  const times = named(row, 'time').map(({ attributes }) => attributes['datetime'] ?? '')
  const names = [...times, ...named(row, 'bdi').map(textOf)]
  return { values: valuesIn(row), names, ...(days === undefined ? {} : { days }) }
}

const withoutRows = (element: Element): Element => ({
  ...element,
  children: element.children
    .filter((child) => typeof child === 'string' || !('data-row' in child.attributes))
    .map((child) => (typeof child === 'string' ? child : withoutRows(child))),
})

export const byName = <Name extends string, Value>(
  names: readonly Name[],
  value: (name: Name) => Value,
): Readonly<Record<Name, Value>> =>
  Object.fromEntries(names.map((name) => [name, value(name)])) as Record<Name, Value>
