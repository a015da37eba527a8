// What report.html must say: by the JSON reports of the same run and, where these say nothing of it
// (the days before, amounts before a chargeback), by the recomputation.
import type { PageContents, PageRow, Part, Values } from './page-contents.ts'
import { add, type Fraction, printFraction, printMicros, sum } from './recomputation/decimal.ts'
import {
  type InputFiles,
  type Parameters,
  type Recomputed,
  recompute,
} from './recomputation/recomputation.ts'
import type { Detail } from './recomputation/reconciliation.ts'
import { addDays, printInstant } from './recomputation/time.ts'
import type { ProductRun } from './run-product.ts'

export const CAMPAIGNS_MAX = 100
export const ANOMALIES_MAX = 30
export const WORST_MAX = 20

type Json = Readonly<Record<string, string | null>>
type Campaign = Json & { readonly chart: string }
type ReconciliationJson = { readonly summary: Values; readonly details: readonly Json[] }

/** JSON with its numbers as they are written, so that no rounding hides a difference. */
function exactJson<T>(text: string | undefined): T {
  return JSON.parse(text ?? '', (_key, value: unknown, context?: { readonly source?: string }) =>
    typeof value === 'number' ? context?.source : value,
  ) as T
}

export function expectedContents(
  { files, summary }: ProductRun,
  input: InputFiles,
  parameters: Parameters,
): PageContents {
  const judged = exactJson<readonly Json[]>(files['roas_anomaly.json'])
  const arpdau = exactJson<readonly Json[]>(files['arpdau_d1.json'])
  const roas = exactJson<readonly Json[]>(files['roas_d1.json'])
  // D-1 and the seven days before it.
  const days = [0, 1, 2, 3, 4, 5, 6, 7].map((back) =>
    recompute(input, { ...parameters, date: addDays(summary.d1.date, -back) }),
  )
  const rows: readonly Campaign[] = roas.map((row, at) => ({
    ...{ ...row, ...judged[at] },
    chart: chartOf(row['campaign'] ?? '', days),
  }))
  const dearest = [...rows].sort(
    (a, b) => byNumber('ad_cost_usd', a, b) || byNumber('revenue_usd', a, b),
  )
  const found = rows
    .filter((row) => row['severity'] !== null)
    .sort((a, b) => bySeverity(a, b) || byNumber('ad_cost_usd', a, b))
  return {
    day: summary.d1.date,
    headline: { ...headlineOf(days), ...headlineOfRun(arpdau, roas, summary) },
    verdict: {
      ...verdictOf(rows),
      ...(found.length > ANOMALIES_MAX
        ? { more_anomalies: `${found.length - ANOMALIES_MAX}` }
        : {}),
    },
    anomalies: found.slice(0, ANOMALIES_MAX).map((row) => ({
      values: picked(row, ['severity', 'reason', 'roas_d1', 'avg7', 'days']),
      ...{
        names: [shownName(row['campaign'] ?? '')],
        days: row.chart,
        suggestion: row['suggestion'] ?? '',
      },
    })),
    campaigns: dearest.slice(0, CAMPAIGNS_MAX).map((row) => ({
      values: picked(row, ['roas', 'avg7', 'days', 'revenue_usd', 'ad_cost_usd', 'status']),
      ...{ names: [shownName(row['campaign'] ?? '')], days: row.chart },
    })),
    more: remainderOf(dearest.slice(CAMPAIGNS_MAX)),
    ...reconciliationOf(exactJson(files['reconciliation.json']), days[0]?.details ?? []),
    ...worstOf(days[0]?.details ?? []),
    ...rowsOf(summary),
  }
}

const byNumber = (column: string, a: Json, b: Json): number => Number(b[column]) - Number(a[column])

const bySeverity = (a: Json, b: Json): number =>
  a['severity'] === b['severity'] ? 0 : a['severity'] === 'critical' ? -1 : 1

const picked = (row: Json, columns: readonly string[]): Values =>
  Object.fromEntries(columns.map((column) => [column, row[column] ?? 'null']))

/** 80 characters at most, of a longer name its beginning and its end; most control characters are none. */
function shownName(name: string): string {
  const characters = [...name].map((character) =>
    /[^\P{Cc}\t\n]/u.test(character) ? '\ufffd' : character,
  )
  if (characters.length <= 80) return characters.join('')
  return [...characters.slice(0, 56), '…', ...characters.slice(-23)].join('')
}

/** ROAS of the seven days before and of D-1, oldest first, `-` for a day without cost. */
function chartOf(campaign: string, days: readonly Recomputed[]): string {
  const ratios = days.map(({ roas }) => roas.find((row) => row.campaign === campaign)?.roas)
  const texts = ratios.map((ratio) => (ratio === undefined ? '-' : printFraction(ratio)))
  return texts.reverse().join(' ')
}

const FIGURES = ['revenue_usd', 'ad_cost_usd', 'roas', 'dau', 'arpdau', 'matched_share'] as const
type Figure = (typeof FIGURES)[number]
type Figures = Readonly<Record<Figure, Fraction | undefined>>

/** What one day came to; nothing for a day of which nothing is known, unless it is D-1. */
function figuresOf({ day, roas, arpdau, details }: Recomputed, isD1: boolean): Figures {
  const revenue = sum(roas.map(({ revenueMicros }) => revenueMicros))
  const cost = sum(roas.map(({ costMicros }) => costMicros))
  const users = BigInt(arpdau[0]?.dau ?? 0)
  const purchases = details.filter(({ purchase }) => purchase?.day === day.day)
  const matched = purchases.filter(({ type }) => type === 'matched')
  const isKnown = isD1 || roas.length > 0
  return {
    revenue_usd: isKnown ? { numerator: revenue, denominator: 1_000_000n } : undefined,
    ad_cost_usd: isKnown ? { numerator: cost, denominator: 1_000_000n } : undefined,
    roas: quotient(revenue, cost),
    dau: isD1 || users > 0n ? { numerator: users, denominator: 1n } : undefined,
    arpdau: quotient(revenue, users * 1_000_000n),
    matched_share: quotient(BigInt(matched.length), BigInt(purchases.length)),
  }
}

const quotient = (numerator: bigint, denominator: bigint): Fraction | undefined =>
  denominator > 0n ? { numerator, denominator } : undefined

function headlineOf(days: readonly Recomputed[]): Values {
  const [own, ...before] = days.map((day, back) => figuresOf(day, back === 0))
  const values = FIGURES.flatMap((figure) => {
    const value = own?.[figure]
    const known = before.flatMap((figures) => figures[figure] ?? [])
    const printed = [[figure, value === undefined ? 'null' : printFraction(value)]]
    const counted = [[`${figure}_days`, `${known.length}`]]
    if (known.length === 0) return [...printed, ...counted]
    const all = known.reduce(add)
    const mean = { ...all, denominator: all.denominator * BigInt(known.length) }
    const change = changeOf(figure, value, mean)
    return [...printed, ...counted, [`${figure}_mean`, printFraction(mean)], ...change]
  })
  return Object.fromEntries(values)
}

/** A share moves by points, everything else by a part of its mean, which must not be 0. */
function changeOf(figure: Figure, value: Fraction | undefined, mean: Fraction): string[][] {
  if (value === undefined) return []
  const change = add(value, { ...mean, numerator: -mean.numerator })
  if (figure === 'matched_share') return [[`${figure}_change`, printFraction(change)]]
  if (mean.numerator <= 0n) return []
  const relative = {
    numerator: change.numerator * mean.denominator,
    denominator: change.denominator * mean.numerator,
  }
  return [[`${figure}_change`, printFraction(relative)]]
}

/** What of the headline is in the JSON of the run: it must be said by that, not computed again. */
function headlineOfRun(
  arpdau: readonly Json[],
  roas: readonly Json[],
  { inputs }: ProductRun['summary'],
): Values {
  const all = arpdau.find(({ campaign }) => campaign === '(ALL)')
  const paid = roas.filter(({ status }) => status !== 'no_cost')
  const paidRoas = quotient(totalOf(paid, 'revenue_usd'), totalOf(paid, 'ad_cost_usd'))
  return {
    revenue_usd: all?.['revenue_usd'] ?? '0',
    dau: all?.['dau'] ?? '0',
    arpdau: all?.['arpdau'] ?? 'null',
    ad_cost_usd: printMicros(totalOf(roas, 'ad_cost_usd')),
    ...(paidRoas === undefined ? {} : { paid_roas: printFraction(paidRoas) }),
    rejected: `${inputs.reduce((rows, { rejected }) => rows + count(rejected), 0)}`,
    rows_in: `${inputs.reduce((rows, { rows_in }) => rows + rows_in, 0)}`,
  }
}

/** Micros of a column of exact decimals. */
const totalOf = (rows: readonly Json[], column: string): bigint =>
  sum(rows.map((row) => microsOf(row[column] ?? '0')))

function microsOf(decimal: string): bigint {
  const [whole = '', fraction = ''] = decimal.replace('-', '').split('.')
  const micros = BigInt(whole) * 1_000_000n + BigInt(fraction.padEnd(6, '0'))
  return decimal.startsWith('-') ? -micros : micros
}

const count = (reasons: Readonly<Record<string, number>>): number =>
  Object.values(reasons).reduce((all, rows) => all + rows, 0)

function verdictOf(rows: readonly Json[]): Values {
  if (rows.length === 0) return {}
  const having = (column: string, value: string): string =>
    `${rows.filter((row) => row[column] === value).length}`
  return {
    critical: having('severity', 'critical'),
    warning: having('severity', 'warning'),
    ok: having('reason', 'ok'),
    insufficient_history: having('reason', 'insufficient_history'),
    no_cost: having('reason', 'no_cost'),
  }
}

function remainderOf(rows: readonly Json[]): Values {
  if (rows.length === 0) return {}
  return {
    more_campaigns: `${rows.length}`,
    more_revenue_usd: printMicros(totalOf(rows, 'revenue_usd')),
    more_ad_cost_usd: printMicros(totalOf(rows, 'ad_cost_usd')),
  }
}

function reconciliationOf({ summary, details }: ReconciliationJson, recomputed: readonly Detail[]) {
  const part = (name: string, rows: readonly Json[], sides: 'af' | 'store' | 'both'): Values => {
    const share = quotient(BigInt(rows.length), BigInt(details.length))
    const reported = printMicros(totalOf(rows, 'revenue_usd'))
    const confirmed = printMicros(totalOf(rows, 'confirmed_revenue_usd'))
    if (`${rows.length}` !== summary[name]) throw new Error(`The JSON contradicts itself: ${name}.`)
    return {
      rows: `${rows.length}`,
      share: share === undefined ? 'null' : printFraction(share),
      reported_usd: sides === 'store' ? 'null' : reported,
      confirmed_usd: sides === 'af' ? 'null' : confirmed,
    }
  }
  const having = (column: string, value: string): readonly Json[] =>
    details.filter((detail) => detail[column] === value)
  const parts: Readonly<Record<Part, Values>> = {
    af_only: part('af_only', having('type', 'af_only'), 'af'),
    matched_by_receipt: part('matched_by_receipt', having('rule', 'receipt'), 'both'),
    matched_by_time: part('matched_by_time', having('rule', 'time'), 'both'),
    confirmed_only: part('confirmed_only', having('type', 'confirmed_only'), 'store'),
  }
  const { matched = '', amount_mismatch = '' } = summary
  const mismatches = recomputed.filter(isMismatch)
  const sums = {
    mismatch_reported_usd: printMicros(sum(mismatches.map(originalOf))),
    mismatch_confirmed_usd: printMicros(sum(mismatches.map(confirmedOf))),
    mismatch_difference_usd: printMicros(sum(mismatches.map(differenceOf))),
  }
  const counts = { matched, amount_mismatch }
  return { parts, reconciliation: mismatches.length === 0 ? counts : { ...counts, ...sums } }
}

const originalOf = ({ purchase }: Detail): bigint => purchase?.micros ?? 0n
const confirmedOf = ({ confirmation }: Detail): bigint => confirmation?.micros ?? 0n
const differenceOf = (detail: Detail): bigint => confirmedOf(detail) - originalOf(detail)
const isMismatch = (detail: Detail): boolean =>
  detail.type === 'matched' && differenceOf(detail) !== 0n

function worstOf(details: readonly Detail[]): Pick<PageContents, 'worst' | 'worstCounts'> {
  const having = (type: Detail['type']): readonly Detail[] =>
    details.filter((detail) => detail.type === type)
  const mismatches = details.filter(isMismatch)
  const afOnly = having('af_only')
  const uncharged = afOnly.filter(({ purchase }) => !purchase?.flags.includes('chargeback'))
  const confirmedOnly = having('confirmed_only')
  const worst = {
    amount_mismatch: largest(mismatches, (detail) => magnitude(differenceOf(detail))),
    af_only: largest(uncharged, originalOf),
    confirmed_only: largest(confirmedOnly, confirmedOf),
  }
  return {
    worst,
    worstCounts: {
      ...listed('amount_mismatch', worst.amount_mismatch, mismatches),
      ...listed('af_only', worst.af_only, afOnly),
      ...listed('confirmed_only', worst.confirmed_only, confirmedOnly),
    },
  }
}

/** The largest first, and what is equal in the order of the details. */
function largest(details: readonly Detail[], size: (detail: Detail) => bigint): readonly PageRow[] {
  const sorted = [...details].sort((a, b) => Number(size(b) - size(a)))
  return sorted.slice(0, WORST_MAX).map(worstRow)
}

function worstRow(detail: Detail): PageRow {
  const { purchase, confirmation, player, receipt, instant } = detail
  const reported = { reported_usd: printMicros(originalOf(detail)) }
  const confirmed = { confirmed_usd: printMicros(confirmedOf(detail)) }
  const difference = { difference_usd: printMicros(differenceOf(detail)) }
  return {
    names: [printInstant(instant), ...[player, receipt].filter((id) => id !== '').map(shownName)],
    values: {
      ...(purchase ? reported : {}),
      ...(confirmation ? confirmed : {}),
      ...(purchase && confirmation ? difference : {}),
    },
  }
}

const listed = (list: string, shown: readonly unknown[], all: readonly unknown[]): Values =>
  shown.length === 0
    ? {}
    : { [`shown_${list}`]: `${shown.length}`, [`all_${list}`]: `${all.length}` }

const magnitude = (value: bigint): bigint => (value < 0n ? -value : value)

function rowsOf({
  inputs,
  notes,
}: ProductRun['summary']): Pick<PageContents, 'files' | 'reasons' | 'notes'> {
  return {
    files: inputs.map(({ file, rows_in, kept, duplicates, filtered, rejected }) => ({
      ...{ file, rows_in: `${rows_in}`, kept: `${kept}`, duplicates: `${duplicates}` },
      ...{ filtered: `${count(filtered)}`, rejected: `${count(rejected)}` },
    })),
    reasons: inputs.flatMap(({ file, rejected, filtered }) => [
      ...reasonsOf(file, 'rejected', rejected),
      ...reasonsOf(file, 'filtered', filtered),
    ]),
    notes,
  }
}

function reasonsOf(file: string, fate: string, reasons: Readonly<Record<string, number>>) {
  const frequent = Object.entries(reasons).sort(
    ([a, rowsA], [b, rowsB]) => rowsB - rowsA || (a < b ? -1 : 1),
  )
  return frequent.map(([reason, rows]) => ({ file, fate, reason, rows: `${rows}` }))
}
