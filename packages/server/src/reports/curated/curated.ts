// purchases_curated.csv: every purchase that counts, once, in row order.
import { csvCell } from '../cells/cells.ts'
import { CHARGEBACK, MARK, type PurchaseNames } from '../clean/clean.ts'
import { type Engine, list } from '../engine/engine.ts'
import { instantText, moneyCell, textCell, writeCsv } from '../print/print.ts'

/** What counts for a purchase, in micros: nothing after a chargeback. */
export const REVENUE = `CASE WHEN chargeback = ${CHARGEBACK.none} THEN micros ELSE 0 END`

const COLUMNS = [
  'appsflyer_id',
  'event_name',
  'event_time_utc',
  'revenue_usd',
  'campaign',
  'receipt_id',
  'status',
  'campaign_norm',
  'original_revenue_usd',
  'flags',
]

const FLAGS = [
  [`mark & ${MARK.campaignDiffers} > 0`, 'campaign_differs'],
  [`chargeback <> ${CHARGEBACK.none}`, 'chargeback'],
  [`mark & ${MARK.duplicateReceipt} > 0`, 'duplicate_receipt'],
  [`chargeback = ${CHARGEBACK.foreign}`, 'receipt_on_two_players'],
].map(([condition, name]) => `CASE WHEN ${condition} THEN '${name}' END`)

/**
 * Writes the kept rows of `purchases`. A positional join keeps the order of the rows without sorting
 * them again; no other join promises that, so names are looked up in lists.
 */
export function writeCurated(
  engine: Engine,
  path: string,
  names: PurchaseNames,
  kept: number,
): Promise<void> {
  const cells = [
    textCell('player'),
    nameCell('event', names.events),
    instantText('instant'),
    `CASE WHEN chargeback = ${CHARGEBACK.none} THEN original ELSE '0.00' END`,
    nameCell('campaign', names.campaigns),
    textCell('receipt'),
    nameCell('status', names.statuses),
    nameCell('campaign_key', names.campaignKeys),
    'original',
    `CASE WHEN mark > 0 OR chargeback > 0 THEN concat_ws(';', ${FLAGS.join(', ')}) END`,
  ]
  const query = `
    SELECT concat(${cells.join(", ',', ")}) FROM (
      SELECT *, ${moneyCell('micros')} AS original FROM purchases POSITIONAL JOIN purchase_marks
      WHERE mark & ${MARK.duplicate} = 0
    )`
  return writeCsv(engine, path, COLUMNS, { query, count: kept })
}

/** The cell of a column of names, which are kept as numbers. */
const nameCell = (column: string, names: readonly string[]): string =>
  `[${list(names.map(csvCell))}][enum_code(${column}) + 1]`
