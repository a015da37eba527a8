import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import {
  CONFIRMED_PURCHASES,
  COSTS_DAILY,
  findColumns,
  findFiles,
  PURCHASES_RAW,
  readHeader,
  type ScannedCsv,
  SESSIONS,
  scanCsv,
} from '../input/input.ts'
import type {
  ConfirmationColumns,
  CostColumns,
  Inspector,
  InspectSettings,
  PurchaseColumns,
  SessionColumns,
} from '../inspect/inspect.ts'
import type { ReadParts } from './read-inputs.ts'

/** A file that was scanned, and what the inspection of its rows found. */
export type Inspected<Findings> = {
  readonly file: ScannedCsv
  readonly found: Findings
}

/** The four files, and where their columns stand. */
export type Inputs = {
  readonly purchases: Input<PurchaseColumns>
  readonly confirmations: Input<ConfirmationColumns>
  readonly costs: Input<CostColumns>
  readonly sessions: Input<SessionColumns>
}

export type Input<Columns> = {
  readonly path: string
  readonly delimiter: string
  readonly bytes: number
  /** About so many rows, by the length of the first ones. */
  readonly rows: number
  readonly columns: Columns
}

/** Of all four files. */
export const bytesOf = (inputs: Inputs): number =>
  Object.values(inputs).reduce((sum, { bytes }) => sum + bytes, 0)

/** Looks at the headers of all four files before any work is done on one. */
export async function findInputs(folder: string): Promise<Inputs> {
  const files = await findFiles(folder)
  const input = async <Columns>(
    path: string,
    columnsOf: (file: string, header: readonly string[]) => Columns,
  ): Promise<Input<Columns>> => {
    const { cells, delimiter, lineBytes } = await readHeader(path)
    const { size: bytes } = await stat(path)
    const rows = Math.ceil(bytes / Math.max(1, lineBytes))
    return { path, delimiter, bytes, rows, columns: columnsOf(path, cells) }
  }
  return {
    purchases: await input(files.purchases, purchaseColumns),
    confirmations: await input(files.confirmed, confirmationColumns),
    costs: await input(files.costs, costColumns),
    sessions: await input(files.sessions, sessionColumns),
  }
}

function purchaseColumns(file: string, header: readonly string[]): PurchaseColumns {
  const found = findColumns(file, header, PURCHASES_RAW)
  const { positions: at } = found
  const common = {
    player: at.appsflyer_id,
    event: at.event_name,
    time: at.event_time_utc,
    amount: at.revenue_usd,
    campaign: at.campaign,
  }
  return found.shape === 'plain'
    ? {
        ...common,
        receipt: found.positions.receipt_id,
        status: found.positions.status,
        eventValue: null,
      }
    : { ...common, receipt: null, status: null, eventValue: found.positions.event_value ?? null }
}

function confirmationColumns(file: string, header: readonly string[]): ConfirmationColumns {
  const { positions: at } = findColumns(file, header, CONFIRMED_PURCHASES)
  return {
    player: at.appsflyer_id,
    time: at.event_time_utc,
    amount: at.revenue_usd,
    receipt: at.receipt_id,
  }
}

function costColumns(file: string, header: readonly string[]): CostColumns {
  const { positions: at } = findColumns(file, header, COSTS_DAILY)
  return { day: at.date, campaign: at.campaign, amount: at.ad_cost_usd }
}

function sessionColumns(file: string, header: readonly string[]): SessionColumns {
  const { positions: at } = findColumns(file, header, SESSIONS)
  const time = at.event_timestamp_utc ?? at.date ?? 0
  return { user: at.user_id, time, isDay: at.event_timestamp_utc === undefined }
}

/** Scans a file and inspects each readable record of it; the other ones are rejected. */
export async function inspectInput<Columns, Findings>(
  { path, delimiter, columns }: Input<Columns>,
  inspector: (columns: Columns, settings: InspectSettings) => Inspector<Findings>,
  { zone, badReceipt, beginRejected, onProgress }: ReadParts,
): Promise<Inspected<Findings>> {
  const begin = (fileBytes: number) => {
    const onRejected = beginRejected(basename(path))
    const settings = { delimiter, fileBytes, zone, badReceipt, onRejected }
    return { onRejected, inspecting: inspector(columns, settings) }
  }
  let current: ReturnType<typeof begin> | undefined
  const file = await scanCsv(path, {
    onBegin(fileBytes) {
      current = begin(fileBytes)
    },
    onUnreadable: (row) => current?.onRejected(row),
    onRecord: (record, bytes, base) => current?.inspecting.record(record, bytes, base),
    onProgress: (bytes, total) => onProgress(bytes / total),
  })
  if (current === undefined) throw new Error(`${path} was never begun`)
  return { file, found: current.inspecting.finish() }
}
