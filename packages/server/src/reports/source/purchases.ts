import { foldName, parseMoney } from '../cells/cells.ts'
import type { LoggedPostback } from './report-log.ts'
import { timeCell } from './time-cell.ts'

export const PURCHASE_COLUMNS = [
  ...['log_offset', 'appsflyer_id', 'event_name', 'event_time_utc', 'revenue_usd', 'campaign'],
  ...['receipt_id', 'status'],
] as const

const PURCHASE = 'af_purchase'
const REFUND = 'af_refund'

/** The row of a purchase or refund, null for any other postback: an install is no purchase. */
export function purchaseRow(postback: LoggedPostback): readonly string[] | null {
  const event = eventOf(postback.eventName)
  if (event === null) return null
  const { revenueUsd } = postback
  const isChargeback = event === REFUND || isNegative(revenueUsd)
  return [
    String(postback.offset),
    postback.appsflyerId,
    event,
    timeCell(postback.occurredAt),
    revenueUsd,
    postback.campaign,
    postback.receiptId,
    isChargeback ? 'chargeback' : 'success',
  ]
}

/** The log writes `af_` before a name that has none; case and outer spaces say nothing, as in files. */
function eventOf(name: string): typeof PURCHASE | typeof REFUND | null {
  const folded = foldName(name).replace(/^(?!af_)/, 'af_')
  return folded === PURCHASE || folded === REFUND ? folded : null
}

const isNegative = (amount: string): boolean => {
  const { micros } = parseMoney(amount, 'unknown')
  return micros !== undefined && micros < 0n
}
