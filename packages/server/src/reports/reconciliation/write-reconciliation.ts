import { REVENUE } from '../curated/curated.ts'
import { type Engine, text } from '../engine/engine.ts'
import { instantText, jsonText, moneyNumber, writeLines } from '../print/print.ts'
import { FLAG } from './matches.ts'
import { type ReconciliationSummary, summaryJson } from './summary.ts'

/** By the bits of {@link FLAG}. */
const FLAG_LISTS = Array.from({ length: 8 }, (_value, flags) => {
  const names = [
    ...(flags & FLAG.junkReceipt ? ['junk_receipt'] : []),
    ...(flags & FLAG.outsideWindow ? ['outside_window'] : []),
    ...(flags & FLAG.receiptMismatch ? ['receipt_mismatch'] : []),
  ]
  return text(JSON.stringify(names))
})
const RULES = ['null', '"receipt"', '"time"'].map(text)

/**
 * Writes `reconciliation.json` from the tables `purchases` with `purchase_matches` and
 * `confirmations` with `confirmation_matches`, in order of rank and zipped by position, and from
 * `lent_receipts`.
 */
export async function writeReconciliation(
  engine: Engine,
  path: string,
  summary: ReconciliationSummary,
): Promise<void> {
  const head = `{"summary":${summaryJson(summary)},\n"details":[`
  const parts = [
    `'{"type":"'`,
    `CASE WHEN instant IS NULL THEN 'confirmed_only' WHEN cf_instant IS NULL THEN 'af_only' ELSE 'matched' END`,
    `'","appsflyer_id":'`,
    jsonText('player'),
    `',"af_event_time_utc":'`,
    "coalesce(af_time, 'null')",
    `',"cf_event_time_utc":'`,
    "coalesce(cf_time, 'null')",
    `',"event_time_utc":'`,
    'coalesce(af_time, cf_time)',
    `',"revenue_usd":'`,
    'revenue_text',
    `',"confirmed_revenue_usd":'`,
    orNull(
      'cf_micros',
      `CASE WHEN cf_micros = revenue THEN revenue_text ELSE ${moneyNumber('cf_micros')} END`,
    ),
    `',"receipt_id":'`,
    orNull('receipt', jsonText('receipt')),
    `',"rule":'`,
    `[${RULES.join(', ')}][rule + 1]`,
    `',"seconds_apart":'`,
    orNull(APART, moneyNumber(APART)),
    `',"flags":'`,
    `[${FLAG_LISTS.join(', ')}][flags + 1]`,
    `'}'`,
  ]
  const query = `
    SELECT concat(${parts.join(', ')})
    FROM (
      SELECT *, ${quotedInstant('instant')} AS af_time, ${quotedInstant('cf_instant')} AS cf_time,
        ${moneyNumber('revenue')} AS revenue_text
      FROM (
        SELECT place, player, instant, cf_instant::BIGINT AS cf_instant, revenue,
          cf_micros::BIGINT AS cf_micros, receipt, rule, flags
        FROM (${OUR_DETAILS} UNION ALL ${THEIR_DETAILS})
        ORDER BY place
      )
    )`
  await writeLines(engine, path, {
    query,
    count: summary.matched + summary.afOnly + summary.confirmedOnly,
    head: `${head}\n`,
    between: ',\n',
    tail: '\n]}\n',
    empty: `${head}]}\n`,
  })
}

/** Microseconds, printed as seconds as micros are as dollars. */
const APART = '(cf_instant - instant)'

const orNull = (value: string, print: string): string =>
  `CASE WHEN ${value} IS NULL THEN 'null' ELSE ${print} END`

/** NULL for none: `concat` would take that for an empty text. */
const quotedInstant = (instant: string): string =>
  `CASE WHEN ${instant} IS NOT NULL THEN concat('"', ${instantText(instant)}, '"') END`

/** A matched purchase without receipt shows that of its confirmation. */
const OUR_DETAILS = `
  SELECT place, player, instant, nullif(cf_instant, -1) AS cf_instant,
    ${REVENUE} AS revenue, nullif(cf_micros, -1) AS cf_micros,
    coalesce(receipt, lent_receipts.receipt_lent) AS receipt, rule, flags
  FROM purchases POSITIONAL JOIN purchase_matches
  LEFT JOIN lent_receipts ON lent_receipts.place_lent = place
  WHERE place >= 0`
const THEIR_DETAILS = `
  SELECT place, player, NULL, instant, micros, micros, receipt, 0, flags
  FROM confirmations POSITIONAL JOIN confirmation_matches
  WHERE place >= 0`
