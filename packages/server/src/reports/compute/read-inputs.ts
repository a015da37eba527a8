import { countSessions, type SessionCounts } from '../arpdau/arpdau.ts'
import type { InputZone } from '../cells/cells.ts'
import {
  markConfirmations,
  markPurchases,
  orderConfirmations,
  orderPurchases,
  type PurchaseRows,
  type Rows,
  rankPurchases,
  rankRows,
} from '../clean/clean.ts'
import { openRecords, type ScannedCsv } from '../input/input.ts'
import {
  type CostFindings,
  type Fates,
  inspectConfirmations,
  inspectCosts,
  inspectPurchases,
  inspectSessions,
  type PurchaseFindings,
  type SaleRows,
} from '../inspect/inspect.ts'
import type { RejectedRow } from '../runs/runs.ts'
import type { NumberedTexts, Texts } from '../texts/texts.ts'
import { type Inputs, type Inspected, inspectInput } from './inputs.ts'

export type ReadParts = {
  readonly zone: InputZone
  readonly badReceipt: RegExp | null
  /** Rows of this file are rejected from here on; what was rejected of it before is forgotten. */
  readonly beginRejected: (file: string) => (row: RejectedRow) => void
  /** How much of a file is read, 0 to 1. */
  readonly onProgress: (done: number) => void
}

/** One side as it was read: its rows by rank, with what is marked on them. */
export type ReadSales<Ranked, Findings> = Omit<Inspected<unknown>, 'found'> & {
  readonly found: Findings
  readonly rows: Ranked
  readonly marks: Uint8Array
  /** The receipts, by row of the file, and the row at each rank. */
  readonly receipts: Texts
  readonly order: Int32Array
}

export type ReadPurchases = ReadSales<
  PurchaseRows,
  Fates & Pick<PurchaseFindings, 'kinds' | 'players'>
>
export type ReadConfirmations = ReadSales<Rows, Fates & { readonly playerTexts: NumberedTexts }>

export type OtherInputs = {
  readonly confirmations: ReadConfirmations
  readonly costs: Inspected<CostFindings>
  readonly sessions: Inspected<Fates & { readonly counts: SessionCounts }>
}

export type ReadInputs = OtherInputs & { readonly purchases: ReadPurchases }

export async function readPurchases(inputs: Inputs, parts: ReadParts): Promise<ReadPurchases> {
  const { columns } = inputs.purchases
  const { found, ...read } = await inspectInput(inputs.purchases, inspectPurchases, parts)
  const order = withCells(read.file, found.rows, (cellsOf) =>
    orderPurchases(found, columns, cellsOf),
  )
  const rows = rankPurchases(found, order)
  const { filtered, rejected, records, kinds, players } = found
  return {
    ...read,
    found: { filtered, rejected, records, kinds, players },
    ...{ rows, order, marks: markPurchases(rows), receipts: found.rows.receiptTexts },
  }
}

/** Reads the three other files. What is answered can go to another thread. */
export async function readOthers(inputs: Inputs, parts: ReadParts): Promise<OtherInputs> {
  const confirmations = await readConfirmations(inputs, parts)
  const costs = await inspectInput(inputs.costs, inspectCosts, parts)
  const { found, ...sessions } = await inspectInput(inputs.sessions, inspectSessions, parts)
  const { filtered, rejected, records } = found
  const counts = countSessions(found)
  const counted = { filtered, rejected, records, counts }
  return { confirmations, costs, sessions: { ...sessions, found: counted } }
}

async function readConfirmations(inputs: Inputs, parts: ReadParts): Promise<ReadConfirmations> {
  const { columns } = inputs.confirmations
  const { found, ...read } = await inspectInput(inputs.confirmations, inspectConfirmations, parts)
  const order = withCells(read.file, found.rows, (cellsOf) =>
    orderConfirmations(found.rows, columns, cellsOf),
  )
  const rows = rankRows(found.rows, order)
  const { filtered, rejected, records } = found
  const { playerTexts, receiptTexts: receipts } = found.rows
  return {
    ...read,
    found: { filtered, rejected, records, playerTexts },
    ...{ rows, order, marks: markConfirmations(rows), receipts },
  }
}

/** Opens the file of `rows` for as long as `use` takes. */
function withCells<T>(
  file: ScannedCsv,
  { places }: SaleRows,
  use: (cellsOf: (row: number) => readonly string[]) => T,
): T {
  const records = openRecords(file)
  try {
    return use((row) => records.cells(places[row] as number))
  } finally {
    records.close()
  }
}
