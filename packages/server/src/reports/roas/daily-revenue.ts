import { CHARGEBACK, MARK } from '../clean/clean.ts'
import { REVENUE } from '../curated/curated.ts'
import { bigInteger, type Engine, integer } from '../engine/engine.ts'

/** What a campaign's kept purchases of one UTC day came to; micros. */
export type DailyRevenue = {
  /** Days since 1970. */
  readonly day: number
  readonly campaign: string
  readonly revenue: bigint
  readonly chargebacks: number
  /** What they were before they were taken back. */
  readonly chargedBack: bigint
}

/** Per day and campaign (`campaignKeys` by their code), for the days `from` to `to`; both since 1970 and both included. */
export async function readDailyRevenue(
  engine: Engine,
  campaignKeys: readonly string[],
  from: number,
  to: number,
): Promise<readonly DailyRevenue[]> {
  const rows = await engine.rows(`
    SELECT (instant // 86400000000)::INTEGER AS day, enum_code(campaign_key)::INTEGER AS campaign,
      sum(${REVENUE})::HUGEINT AS revenue,
      count_if(chargeback <> ${CHARGEBACK.none})::INTEGER AS chargebacks,
      sum(CASE WHEN chargeback <> ${CHARGEBACK.none} THEN micros ELSE 0 END)::HUGEINT AS charged_back
    FROM purchases POSITIONAL JOIN purchase_marks
    WHERE mark & ${MARK.duplicate} = 0
      AND instant BETWEEN ${from} * 86400000000 AND ${to + 1} * 86400000000 - 1
    GROUP BY ALL`)
  return rows.map(({ day, campaign, revenue, chargebacks, charged_back: chargedBack }) => ({
    day: integer(day),
    campaign: campaignKeys[integer(campaign)] ?? '',
    revenue: bigInteger(revenue),
    chargebacks: integer(chargebacks),
    chargedBack: bigInteger(chargedBack),
  }))
}
