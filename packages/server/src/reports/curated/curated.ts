import { CHARGEBACK, MARK } from '../clean/clean.ts'
import { type Engine, text } from '../engine/engine.ts'
import { instantText, moneyCell, textCell } from '../print/print.ts'

/** What counts for a purchase, in micros: nothing after a chargeback. */
export const REVENUE = `CASE WHEN chargeback = ${CHARGEBACK.none} THEN micros ELSE 0 END`

const FLAGS = [
  [`mark & ${MARK.campaignDiffers} > 0`, 'campaign_differs'],
  [`chargeback <> ${CHARGEBACK.none}`, 'chargeback'],
  [`mark & ${MARK.duplicateReceipt} > 0`, 'duplicate_receipt'],
  [`chargeback = ${CHARGEBACK.foreign}`, 'receipt_on_two_players'],
] as const

/**
 * Writes `purchases_curated.csv`: every kept purchase in row order. A positional join keeps the
 * order of the rows without sorting them again; no other join does.
 */
export async function writeCurated(engine: Engine, path: string): Promise<void> {
  const flags = FLAGS.map(([condition, name]) => `CASE WHEN ${condition} THEN '${name}' END`)
  await engine.run(`
    COPY (
      SELECT ${textCell('player')} AS appsflyer_id,
        ${textCell('event::VARCHAR')} AS event_name,
        ${instantText('instant')} AS event_time_utc,
        CASE WHEN chargeback = ${CHARGEBACK.none} THEN ${moneyCell('micros')} ELSE '0.00' END AS revenue_usd,
        ${textCell('campaign::VARCHAR')} AS campaign,
        ${textCell('receipt')} AS receipt_id,
        ${textCell('status::VARCHAR')} AS status,
        ${textCell('campaign_key::VARCHAR')} AS campaign_norm,
        ${moneyCell('micros')} AS original_revenue_usd,
        CASE WHEN mark = 0 AND chargeback = ${CHARGEBACK.none} THEN NULL
          ELSE concat_ws(';', ${flags.join(', ')}) END AS flags
      FROM purchases POSITIONAL JOIN purchase_marks
      WHERE mark & ${MARK.duplicate} = 0
    ) TO ${text(path)} (FORMAT csv, HEADER true)`)
}
