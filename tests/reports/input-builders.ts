// Builders of the four input files. Every cell has a harmless value; say what matters.
import type { InputFiles } from './recomputation/recomputation.ts'

export type PurchaseCells = {
  readonly appsflyer_id: string
  readonly event_name: string
  readonly event_time_utc: string
  readonly revenue_usd: string
  readonly campaign: string
  readonly receipt_id: string
  readonly status: string
}

export const aPurchase = (changes: Partial<PurchaseCells> = {}): PurchaseCells => ({
  appsflyer_id: 'P1',
  event_name: 'purchase',
  event_time_utc: '2026-03-10T12:00:00Z',
  revenue_usd: '4.99',
  campaign: 'Spring',
  receipt_id: '',
  status: 'success',
  ...changes,
})

export type ConfirmationCells = Pick<
  PurchaseCells,
  'appsflyer_id' | 'event_time_utc' | 'revenue_usd' | 'receipt_id'
>

export const aConfirmation = (changes: Partial<ConfirmationCells> = {}): ConfirmationCells => ({
  appsflyer_id: 'P1',
  event_time_utc: '2026-03-10T12:00:00Z',
  revenue_usd: '4.99',
  receipt_id: '',
  ...changes,
})

export type CostCells = {
  readonly date: string
  readonly campaign: string
  readonly ad_cost_usd: string
}

export const aCost = (changes: Partial<CostCells> = {}): CostCells => ({
  date: '2026-03-10',
  campaign: 'Spring',
  ad_cost_usd: '2',
  ...changes,
})

export type SessionCells = { readonly user_id: string; readonly event_timestamp_utc: string }

export const aSession = (changes: Partial<SessionCells> = {}): SessionCells => ({
  user_id: 'U1',
  event_timestamp_utc: '2026-03-10T12:00:00Z',
  ...changes,
})

export type InputRows = {
  readonly purchases?: readonly PurchaseCells[]
  readonly confirmations?: readonly ConfirmationCells[]
  readonly costs?: readonly CostCells[]
  readonly sessions?: readonly SessionCells[]
}

/** Four files of these rows, in plain CSV; a file without rows has its header alone. */
export function inputFiles(rows: InputRows = {}): InputFiles {
  return {
    purchases: csv(aPurchase(), rows.purchases),
    confirmations: csv(aConfirmation(), rows.confirmations),
    costs: csv(aCost(), rows.costs),
    sessions: csv(aSession(), rows.sessions),
  }
}

function csv(example: object, rows: readonly object[] = []): string {
  const lines = [Object.keys(example), ...rows.map((row) => Object.values(row).map(String))]
  return lines.map((cells) => `${cells.map(cell).join(',')}\n`).join('')
}

function cell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
