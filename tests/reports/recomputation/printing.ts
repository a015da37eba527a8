import { byCodePoint } from './cell-text.ts'
import type { AnomalyRow, ArpdauRow, RoasRow } from './day-reports.ts'
import { type Fraction, printDecimal, printFraction, printMicros, sum } from './decimal.ts'
import type { RejectedRow } from './fates.ts'
import type { Purchase } from './purchases.ts'
import type { Detail, Verdict } from './reconciliation.ts'
import { type Instant, printInstant } from './time.ts'

const CURATED_HEADER =
  'appsflyer_id,event_name,event_time_utc,revenue_usd,campaign,receipt_id,status,' +
  'campaign_norm,original_revenue_usd,flags'

export function printCurated(purchases: readonly Purchase[]): string {
  const lines = purchases.map((row) =>
    [
      textCell(row.player),
      textCell(row.cells.event_name),
      printInstant(row.instant),
      printMicros(row.curatedMicros, 2),
      textCell(row.cells.campaign),
      textCell(row.receipt),
      textCell(row.cells.status),
      textCell(row.campaignKey),
      printMicros(row.micros, 2),
      row.flags.join(';'),
    ].join(','),
  )
  return [CURATED_HEADER, ...lines].map((line) => `${line}\n`).join('')
}

export function inRejectOrder(a: RejectedRow, b: RejectedRow): number {
  return (
    byCodePoint(a.file, b.file) ||
    byCodePoint(a.reason, b.reason) ||
    byCodePoint(a.raw, b.raw) ||
    a.line - b.line
  )
}

export function printRejected(rows: readonly RejectedRow[]): string {
  const lines = rows.map(({ file, line, reason, raw }) =>
    [file, String(line), reason, textCell(raw)].join(','),
  )
  return ['file,line,reason,raw', ...lines].map((line) => `${line}\n`).join('')
}

/** Cells that a spreadsheet would run as a formula get an apostrophe; then RFC 4180. */
function textCell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

export function printReconciliation(details: readonly Detail[]): string {
  const count = (isCounted: (detail: Detail) => boolean): string =>
    String(details.filter(isCounted).length)
  const revenue = (type: Verdict): string =>
    printMicros(sum(details.filter((one) => one.type === type).map(({ micros }) => micros)))
  const summary = object({
    matched: count(({ type }) => type === 'matched'),
    af_only: count(({ type }) => type === 'af_only'),
    confirmed_only: count(({ type }) => type === 'confirmed_only'),
    matched_by_receipt: count(({ rule }) => rule === 'receipt'),
    matched_by_time: count(({ rule }) => rule === 'time'),
    amount_mismatch: count(isAmountMismatch),
    revenue_usd: object({
      matched: revenue('matched'),
      af_only: revenue('af_only'),
      confirmed_only: revenue('confirmed_only'),
    }),
  })
  return `{"summary":${summary},\n"details":${list(details.map(printDetail))}}\n`
}

/** The amount before a chargeback is compared. */
function isAmountMismatch({ purchase, confirmation }: Detail): boolean {
  return purchase !== undefined && confirmation !== undefined
    ? purchase.micros !== confirmation.micros
    : false
}

function printDetail(detail: Detail): string {
  const { purchase, confirmation, microsecondsApart } = detail
  return object({
    type: JSON.stringify(detail.type),
    appsflyer_id: JSON.stringify(detail.player),
    af_event_time_utc: time(purchase?.instant),
    cf_event_time_utc: time(confirmation?.instant),
    event_time_utc: time(detail.instant),
    revenue_usd: printMicros(detail.micros),
    confirmed_revenue_usd: confirmation === undefined ? 'null' : printMicros(confirmation.micros),
    receipt_id: detail.receipt === '' ? 'null' : JSON.stringify(detail.receipt),
    rule: JSON.stringify(detail.rule ?? null),
    seconds_apart: microsecondsApart === undefined ? 'null' : printDecimal(microsecondsApart, 6, 0),
    flags: JSON.stringify(detail.flags),
  })
}

export function printRoas(rows: readonly RoasRow[]): string {
  return document(
    rows.map(({ date, campaign, revenueMicros, costMicros, roas, status }) =>
      object({
        date: JSON.stringify(date),
        campaign: JSON.stringify(campaign),
        revenue_usd: printMicros(revenueMicros),
        ad_cost_usd: printMicros(costMicros),
        roas: ratio(roas),
        status: JSON.stringify(status),
      }),
    ),
  )
}

export function printAnomalies(rows: readonly AnomalyRow[]): string {
  return document(
    rows.map((row) =>
      object({
        date: JSON.stringify(row.date),
        campaign: JSON.stringify(row.campaign),
        roas_d1: ratio(row.roas),
        avg7: ratio(row.avg7),
        days: String(row.days),
        anomaly: String(row.anomaly),
        severity: JSON.stringify(row.severity ?? null),
        reason: JSON.stringify(row.reason),
        suggestion: JSON.stringify(row.suggestion ?? null),
      }),
    ),
  )
}

export function printArpdau(rows: readonly ArpdauRow[]): string {
  return document(
    rows.map(({ date, campaign, revenueMicros, dau, arpdau }) =>
      object({
        date: JSON.stringify(date),
        campaign: JSON.stringify(campaign),
        revenue_usd: printMicros(revenueMicros),
        dau: String(dau),
        arpdau: ratio(arpdau),
      }),
    ),
  )
}

function object(members: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(members).map(([key, value]) => `${JSON.stringify(key)}:${value}`)
  return `{${pairs.join(',')}}`
}

const document = (objects: readonly string[]): string => `${list(objects)}\n`

const list = (objects: readonly string[]): string =>
  objects.length === 0 ? '[]' : `[\n${objects.join(',\n')}\n]`

const time = (instant: Instant | undefined): string =>
  instant === undefined ? 'null' : JSON.stringify(printInstant(instant))

const ratio = (fraction: Fraction | undefined): string =>
  fraction === undefined ? 'null' : printFraction(fraction)
