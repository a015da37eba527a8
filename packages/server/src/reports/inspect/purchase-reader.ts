import { foldName, parseMoney, present } from '../cells/cells.ts'
import { APPSFLYER_EXPORT } from '../input/input.ts'
import type { PurchaseColumns } from './purchase-columns.ts'
import type { Sale } from './sale-book.ts'

/** One row as read. */
export type Purchase = Sale & {
  readonly event: string
  readonly campaign: string
  readonly status: string
}

/**
 * Reads the cells of a row. AppsFlyer's export has no status (a refund is an event of its own or a
 * negative amount), and its receipts are in the JSON of the event's value.
 */
export function readPurchase(at: PurchaseColumns, cells: readonly string[]): Purchase {
  const cell = (index: number | null): string => (index === null ? '' : (cells[index] ?? ''))
  const [event, amount] = [cell(at.event), cell(at.amount)]
  return {
    player: cell(at.player),
    event,
    time: cell(at.time),
    amount,
    campaign: cell(at.campaign),
    receipt: at.receipt === null ? receiptInEventValue(cell(at.eventValue)) : cell(at.receipt),
    status: at.status === null ? statusOf(event, amount) : cell(at.status),
  }
}

const statusOf = (event: string, amount: string): string =>
  impliedStatus(event, parseMoney(amount, 'unknown').micros)

/** @param micros undefined where the amount cannot be read */
export function impliedStatus(event: string, micros: bigint | undefined): string {
  const isRefund = foldName(event) === APPSFLYER_EXPORT.refundEvent
  return isRefund || (micros !== undefined && micros < 0n) ? 'chargeback' : APPSFLYER_EXPORT.status
}

/** The first receipt that the JSON object in an event value names; empty for none. */
function receiptInEventValue(text: string): string {
  if (!text.includes('af_')) return ''
  try {
    const value = Object(JSON.parse(text))
    const ids = APPSFLYER_EXPORT.receiptKeys.map((key) => idOf(value[key]))
    return ids.find((id) => id !== '') ?? ''
  } catch {
    // What is no JSON names no receipt; the row is judged by its other cells.
    return ''
  }
}

const idOf = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? present(String(value)) : ''
