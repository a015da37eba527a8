import { isShortText, type ShortText, shortText } from './common-shapes.ts'
import { type IsPlain, plainSales } from './plain-sales.ts'
import { cellStart, cellStop, hasInnerQuote, type RecordPlace } from './record.ts'
import type { InspectSettings } from './settings.ts'

/** Where the columns of purchases stand; null where a file has none. */
export type PurchaseColumns = {
  readonly player: number
  readonly event: number
  readonly time: number
  readonly amount: number
  readonly campaign: number
  readonly receipt: number | null
  readonly status: number | null
  /** AppsFlyer's own export has receipts in the JSON of its event value. */
  readonly eventValue: number | null
}

export const SUCCESS = 'success'
/** The events that are purchases, folded. */
export const EVENTS: readonly string[] = ['purchase', 'af_purchase']

const SUCCESS_TEXT = shortText(SUCCESS)
const PURCHASE = shortText('purchase')
const AF_PURCHASE = shortText('af_purchase')

/**
 * Tells the purchases that are kept or duplicates, and spelled in the usual way, from their bytes;
 * none in a file that lacks a status or a receipt.
 */
export function plainPurchases(at: PurchaseColumns, settings: InspectSettings): IsPlain {
  const { status, receipt, event, campaign } = at
  if (status === null || receipt === null) return () => false
  const isPlainSale = plainSales({ ...at, receipt }, settings)
  return (record, bytes) =>
    isCell(record, bytes, status, SUCCESS_TEXT) &&
    (isCell(record, bytes, event, AF_PURCHASE) || isCell(record, bytes, event, PURCHASE)) &&
    isPlainSale(record, bytes) &&
    !hasInnerQuote(record, bytes, campaign)
}

function isCell(record: RecordPlace, bytes: Buffer, cell: number, text: ShortText): boolean {
  return isShortText(bytes, cellStart(record, bytes, cell), cellStop(record, bytes, cell), text)
}
