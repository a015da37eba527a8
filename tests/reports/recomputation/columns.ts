import { fold, idOf } from './cell-text.ts'
import { type CsvFile, readCsvFile, type UnreadableRow } from './csv-file.ts'
import { commaOf, readMoney } from './money.ts'

/** A file that cannot be used at all: exit code 2 of the product. */
export class UnusableFile extends Error {
  readonly file: string
  readonly missing: readonly string[]
  readonly doubled: readonly string[]

  constructor(file: string, columns: Columns, found: readonly string[]) {
    const missing = columns.required.filter((name) => !found.includes(name))
    const doubled = columns.used.filter((name) => found.indexOf(name) !== found.lastIndexOf(name))
    super(`${file}: missing ${missing}, doubled ${doubled}, found ${found}`)
    this.file = file
    this.missing = missing
    this.doubled = doubled
  }
}

/** A row by its columns' names, cells as read. */
export type NamedRow<Name extends string> = {
  readonly line: number
  readonly raw: string
  readonly cells: Readonly<Record<Name, string>>
}

export type NamedFile<Name extends string> = {
  readonly rows: readonly NamedRow<Name>[]
  readonly unreadable: readonly UnreadableRow[]
}

type Columns = { readonly required: readonly string[]; readonly used: readonly string[] }

const PURCHASE_COLUMNS = [
  'appsflyer_id',
  'event_name',
  'event_time_utc',
  'revenue_usd',
  'campaign',
  'receipt_id',
  'status',
] as const
const CONFIRMATION_COLUMNS = [
  'appsflyer_id',
  'event_time_utc',
  'revenue_usd',
  'receipt_id',
] as const
const COST_COLUMNS = ['date', 'campaign', 'ad_cost_usd'] as const

export type PurchaseColumn = (typeof PURCHASE_COLUMNS)[number]
export type ConfirmationColumn = (typeof CONFIRMATION_COLUMNS)[number]
export type CostColumn = (typeof COST_COLUMNS)[number]
export type SessionColumn = 'user_id' | 'event_timestamp_utc' | 'date'

type Content = string | Uint8Array

export function readPurchaseRows(file: string, content: Content): NamedFile<PurchaseColumn> {
  const own: Columns = { required: PURCHASE_COLUMNS, used: PURCHASE_COLUMNS }
  const csv = readCsvFile(content)
  if (isExport(csv.names)) return purchasesOfExport(file, csv)
  return named(file, csv, own, PURCHASE_COLUMNS)
}

export function readConfirmationRows(
  file: string,
  content: Content,
): NamedFile<ConfirmationColumn> {
  const columns: Columns = { required: CONFIRMATION_COLUMNS, used: CONFIRMATION_COLUMNS }
  const csv = readCsvFile(content)
  return named(file, csv, columns, CONFIRMATION_COLUMNS)
}

export function readCostRows(file: string, content: Content): NamedFile<CostColumn> {
  const columns: Columns = { required: COST_COLUMNS, used: COST_COLUMNS }
  return named(file, readCsvFile(content), columns, COST_COLUMNS)
}

/** Which of its two columns says when a session was: the timestamp where the file has it. */
export type SessionFile = NamedFile<SessionColumn> & {
  readonly when: 'event_timestamp_utc' | 'date'
}

export function readSessionRows(file: string, content: Content): SessionFile {
  const whenOf = (names: readonly string[]): 'event_timestamp_utc' | 'date' =>
    names.includes('date') && !names.includes('event_timestamp_utc')
      ? 'date'
      : 'event_timestamp_utc'
  const columnsOf = (names: readonly string[]): Columns => {
    const columns = ['user_id', whenOf(names)]
    return { required: columns, used: columns }
  }
  const csv = readCsvFile(content)
  const columns: readonly SessionColumn[] = ['user_id', 'event_timestamp_utc', 'date']
  return { ...named(file, csv, columnsOf(csv.names), columns), when: whenOf(csv.names) }
}

function isUsable(names: readonly string[], { required }: Columns): boolean {
  return required.every((name) => names.includes(name))
}

function named<Name extends string>(
  file: string,
  csv: CsvFile,
  columns: Columns,
  wanted: readonly Name[],
): NamedFile<Name> {
  const isDoubled = columns.used.some(
    (name) => csv.names.indexOf(name) !== csv.names.lastIndexOf(name),
  )
  if (isDoubled || !isUsable(csv.names, columns)) throw new UnusableFile(file, columns, csv.names)
  const rows = csv.rows.map((row) => {
    const pairs = wanted.map((name) => [name, row.cells[csv.names.indexOf(name)] ?? ''] as const)
    return { line: row.line, raw: row.raw, cells: recordOf(pairs) }
  })
  return { rows, unreadable: csv.unreadable }
}

function recordOf<Name extends string>(
  pairs: readonly (readonly [Name, string])[],
): Record<Name, string> {
  return Object.fromEntries(pairs) as Record<Name, string>
}

const EXPORT_COLUMNS = [
  'appsflyer_id',
  'event_name',
  'event_time',
  'event_revenue_usd',
  'campaign',
] as const

/** AppsFlyer's own raw-data export, in either spelling of its columns. */
function isExport(names: readonly string[]): boolean {
  const isOurs = names.includes('event_time_utc') || names.includes('revenue_usd')
  return !isOurs && EXPORT_COLUMNS.every((name) => names.includes(name))
}

/** An export has no receipt and no status: both are derived, unless the file has such a column. */
function purchasesOfExport(file: string, csv: CsvFile): NamedFile<PurchaseColumn> {
  const optional = ['event_value', 'receipt_id', 'status'] as const
  const wanted = [...EXPORT_COLUMNS, ...optional]
  const columns: Columns = { required: EXPORT_COLUMNS, used: wanted }
  const { rows, unreadable } = named(file, csv, columns, wanted)
  const comma = commaOf(rows.map(({ cells }) => cells.event_revenue_usd))
  const derived = rows.map(({ line, raw, cells }) => {
    const revenue = readMoney(cells.event_revenue_usd, comma)
    const isRefund =
      fold(cells.event_name) === 'af_refund' || (typeof revenue === 'bigint' && revenue < 0n)
    const status = isRefund ? 'chargeback' : 'success'
    const receipt = receiptOfEventValue(cells.event_value)
    const purchase: Record<PurchaseColumn, string> = {
      appsflyer_id: cells.appsflyer_id,
      event_name: cells.event_name,
      event_time_utc: cells.event_time,
      revenue_usd: cells.event_revenue_usd,
      campaign: cells.campaign,
      receipt_id: csv.names.includes('receipt_id') ? cells.receipt_id : receipt,
      status: csv.names.includes('status') ? cells.status : status,
    }
    return { line, raw, cells: purchase }
  })
  return { rows: derived, unreadable }
}

function receiptOfEventValue(cell: string): string {
  const value = parsed(cell)
  if (typeof value !== 'object' || value === null) return ''
  const candidates = ['af_receipt_id', 'af_order_id'].map((key) => {
    const found: unknown = Object.entries(value).find(([name]) => name === key)?.[1]
    return typeof found === 'string' || typeof found === 'number' ? String(found) : ''
  })
  return candidates.find((candidate) => idOf(candidate) !== '') ?? ''
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}
