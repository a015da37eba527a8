import { formatMicrosCsv } from '../cells/cells.ts'
import type { LoggedEvent } from './report-log.ts'
import { timeCell } from './time-cell.ts'

/** The offset and the amount stand before any text of a stranger: see `isWithoutRate`. */
export const CONFIRMATION_COLUMNS = [
  ...['log_offset', 'event_time_utc', 'revenue_usd', 'receipt_id', 'appsflyer_id'],
] as const

/**
 * The row of a purchase event that names its transaction, null for one that does not: the store has
 * confirmed nothing.
 * @param appsflyerIdOf undefined for a player whom no postback names
 */
export function confirmationRow(
  event: LoggedEvent,
  appsflyerIdOf: (playerId: string) => string | undefined,
): readonly string[] | null {
  const fields = fieldsOf(event.payload)
  const { transaction_id: transaction, amount_micros: micros, currency } = fields
  const receipt = typeof transaction === 'string' ? transaction.trim() : ''
  if (receipt === '') return null
  const appsflyerId = event.playerId === null ? undefined : appsflyerIdOf(event.playerId)
  return [
    String(event.offset),
    timeCell(event.occurredAt),
    amountCell(micros, currency),
    receipt,
    appsflyerId ?? '',
  ]
}

const WITHOUT_RATE = 'without a rate'
/** ISO 4217's code for no currency. */
const NO_CURRENCY = 'XXX'

/** Dollars as a decimal; another currency as words, which are no amount of dollars. Empty for none. */
function amountCell(micros: unknown, currency: unknown): string {
  if (typeof micros !== 'number' || !Number.isSafeInteger(micros)) return ''
  const amount = formatMicrosCsv(BigInt(micros))
  const code = typeof currency === 'string' ? currency.trim().toUpperCase() : ''
  if (code === 'USD') return amount
  return `${amount} ${/^[A-Z]{3}$/.test(code) ? code : NO_CURRENCY} ${WITHOUT_RATE}`
}

const ROW_WITHOUT_RATE = new RegExp(`^\\d+,[^,"]*,-?[\\d.]+ [A-Z]{3} ${WITHOUT_RATE},`)

/** Whether a row, as text, is of a purchase in a currency that there is no rate of. */
export const isWithoutRate = (row: string): boolean => ROW_WITHOUT_RATE.test(row)

function fieldsOf(payload: string | null): Readonly<Record<string, unknown>> {
  try {
    const fields: unknown = JSON.parse(payload ?? '')
    return typeof fields === 'object' && fields !== null ? { ...fields } : {}
  } catch {
    // Whoever wrote no JSON named no transaction.
    return {}
  }
}
