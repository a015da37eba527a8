import { createHash } from 'node:crypto'
import { type Payload, textOf } from './read-postback.ts'

/** All that tells one report of a transaction from another, besides the transaction's own id. */
const IDENTITY = [
  ...['app_id', 'event_name', 'event_time', 'appsflyer_id', 'customer_user_id'],
  // A refund repeats the receipt, under another name or as negative revenue.
  ...['event_revenue', 'event_revenue_currency', 'event_revenue_usd'],
  // A retargeted purchase is reported twice, once for each campaign that it is attributed to.
  ...['conversion_type', 'campaign_type', 'media_source', 'campaign'],
] as const
const NEEDED = ['event_name', 'event_time', 'appsflyer_id'] as const
/** The names of a transaction's id in an event value, the first that is there counts. */
const TRANSACTION_IDS = ['af_receipt_id', 'af_order_id'] as const

/**
 * Two postbacks with one key are deliveries of the same postback. AppsFlyer sends no id of a
 * message, so the key is
 * - where `event_value` has a receipt or order id: SHA-256 over that id with the event's name,
 *   time, player, revenue and attribution, so that the same report is recognised in other bytes
 *   (keys reordered, nulls left out, new fields)
 * - else: SHA-256 over the raw body
 *
 * The time is part of it on purpose: a receipt that comes again with another one may be a renewal,
 * and what is refused here is lost, while the reports keep both and flag the receipt.
 */
export function dedupeKeyOf(rawBody: Uint8Array, payload: Payload): Uint8Array {
  const hash = createHash('sha256')
  // A body begins with a brace, this list with a bracket: the two kinds of keys never meet.
  return hash.update(transactionOf(payload) ?? rawBody).digest()
}

function transactionOf(payload: Payload): string | null {
  if (NEEDED.some((field) => textOf(payload[field]) === null)) return null
  const eventValue = readEventValue(payload['event_value'])
  const ids = TRANSACTION_IDS.map((field) => textOf(eventValue[field]))
  if (ids.every((id) => id === null)) return null
  return JSON.stringify([...ids, ...IDENTITY.map((field) => textOf(payload[field]))])
}

/** The receipt or order id in the event value, null for none. */
export function receiptOf(payload: Payload): string | null {
  const eventValue = readEventValue(payload['event_value'])
  return TRANSACTION_IDS.map((field) => textOf(eventValue[field])).find((id) => id !== null) ?? null
}

/** A JSON object inside a string, as AppsFlyer sends it, or the object itself. */
function readEventValue(value: unknown): Payload {
  if (typeof value !== 'string') return isObject(value) ? value : {}
  try {
    const parsed: unknown = JSON.parse(value)
    return isObject(parsed) ? parsed : {}
  } catch {
    return {}
  }
}

const isObject = (value: unknown): value is Payload => typeof value === 'object' && value !== null
