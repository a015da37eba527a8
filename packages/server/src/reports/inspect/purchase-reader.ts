import { foldName, present } from '../cells/cells.ts'
import { APPSFLYER_EXPORT } from '../input/input.ts'
import type { OddMoney } from './odd-cells.ts'
import type { PurchaseColumns } from './plain-purchases.ts'
import type { Sale } from './sale-book.ts'

/** One row as read. */
export type Purchase = Sale & {
  readonly event: string
  readonly campaign: string
  readonly status: string
}

export type PurchaseReader = {
  readPurchase(cells: readonly string[]): Purchase
  /** The receipts in the event values of AppsFlyer's export, by the value as read. */
  readonly eventValues: ReadonlyMap<string, string>
}

/**
 * Reads the cells of a row. AppsFlyer's export has no status (a refund is an event of its own or a
 * negative amount), and its receipts are in the JSON of the event's value.
 */
export function createPurchaseReader(at: PurchaseColumns, amounts: OddMoney): PurchaseReader {
  const eventValues = new Map<string, string>()

  const impliedStatus = (event: string, amount: string): string => {
    const { micros } = amounts.read(amount)
    const isRefund = foldName(event) === APPSFLYER_EXPORT.refundEvent
    return isRefund || (micros !== undefined && micros < 0n)
      ? 'chargeback'
      : APPSFLYER_EXPORT.status
  }
  const receiptOf = (eventValue: string): string => {
    const receipt = receiptInEventValue(eventValue)
    if (receipt !== '') eventValues.set(eventValue, receipt)
    return receipt
  }

  return {
    eventValues,
    readPurchase(cells) {
      const cell = (index: number | null): string => (index === null ? '' : (cells[index] ?? ''))
      const [event, amount] = [cell(at.event), cell(at.amount)]
      return {
        player: cell(at.player),
        event,
        time: cell(at.time),
        amount,
        campaign: cell(at.campaign),
        receipt: at.receipt === null ? receiptOf(cell(at.eventValue)) : cell(at.receipt),
        status: at.status === null ? impliedStatus(event, amount) : cell(at.status),
      }
    },
  }
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
