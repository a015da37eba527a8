// purchases_curated.csv: every purchase that counts, once, in row order.
import { csvCell } from '../cells/cells.ts'
import { CHARGEBACK, MARK, type PurchaseRows, type RowTexts } from '../clean/clean.ts'
import type { PurchaseKind } from '../inspect/inspect.ts'
import {
  ink,
  type Lines,
  put,
  putCell,
  putInstant,
  putMoneyCell,
  putText,
  type Sheet,
  writeLines,
} from '../print/print.ts'
import type { Output } from '../runs/runs.ts'
import { lengthOf, type Texts, touch } from '../texts/texts.ts'

const COLUMNS = [
  'appsflyer_id',
  'event_name',
  'event_time_utc',
  'revenue_usd',
  'campaign',
  'receipt_id',
  'status',
  'campaign_norm',
  'original_revenue_usd',
  'flags',
]

export type CuratedRows = {
  readonly purchases: PurchaseRows
  readonly purchaseMarks: Uint8Array
  readonly texts: RowTexts
}

/** So many rows are looked at before they are printed: their texts stay in the first cache. */
const ROWS_AHEAD = 128

/** @param rows all of them, in row order */
export function writeCurated(
  path: string,
  kinds: readonly PurchaseKind[],
  rows: CuratedRows,
): Promise<Output> {
  return writeLines(path, (file) => {
    putText(file, HEADER)
    putRows(file, createCells(kinds), rows)
  })
}

/** The same for rows that come in parts; none is looked at after the next has come. */
export function writeCuratedParts(
  path: string,
  kinds: readonly PurchaseKind[],
  parts: AsyncIterable<CuratedRows>,
): Promise<Output> {
  const cells = createCells(kinds)
  return writeLines(path, async (file) => {
    putText(file, HEADER)
    for await (const part of parts) putRows(file, cells, part)
  })
}

const HEADER = `${COLUMNS.join(',')}\n`

function putRows(file: Lines, cells: Cells, rows: CuratedRows): void {
  const { purchases, purchaseMarks, texts } = rows
  const printer = createPrinter(cells, rows)
  for (let rank = 0; rank < purchases.count; rank += 1) {
    if (rank % ROWS_AHEAD === 0) {
      touch(texts.players, purchases.players, rank, rank + ROWS_AHEAD)
      touch(texts.receipts, texts.order, rank, rank + ROWS_AHEAD)
    }
    if ((purchaseMarks[rank] as number) & MARK.duplicate) continue
    file.makeRoom(cells.lineBytes + 2 * printer.textBytes(rank))
    printer.putLine(file.sheet, rank)
  }
}

const COMMA = ink(',')
const LINE_END = ink('\n')
const NO_REVENUE = ink(',0.00')
/** More than times, amounts and flags need. */
const NUMBERS_BYTES = 512

type Cells = ReturnType<typeof createCells>

/** The cells that many rows have in common, by kind; and what a line needs beside its own texts. */
function createCells(kinds: readonly PurchaseKind[]) {
  const cells = {
    events: namesAsCells(kinds.map(({ event }) => event)),
    campaigns: namesAsCells(kinds.map(({ campaign }) => campaign)),
    statuses: namesAsCells(kinds.map(({ status }) => status)),
    keys: namesAsCells(kinds.map(({ campaignKey }) => campaignKey)),
  }
  const longest = Object.values(cells).map(longestOf)
  const lineBytes = longest.reduce((sum, bytes) => sum + bytes, NUMBERS_BYTES)
  return { ...cells, flags: flagsAsCells(), lineBytes }
}

/** Each line is cells with a comma before each but the first. */
function createPrinter(
  { events, campaigns, statuses, keys, flags }: Cells,
  { purchases, purchaseMarks: marks, texts: { players, receipts, order } }: CuratedRows,
) {
  const putLine = (sheet: Sheet, rank: number): void => {
    const kind = purchases.kinds[rank]
    const chargeback = purchases.chargebacks[rank] as number
    const micros = purchases.micros[rank] as number
    putTextCell(sheet, players, purchases.players[rank] as number)
    put(sheet, pieceOf(events, kind))
    put(sheet, COMMA)
    putInstant(sheet, purchases.instants[rank] as number)
    if (chargeback === CHARGEBACK.none) putAmount(sheet, micros)
    else put(sheet, NO_REVENUE)
    put(sheet, pieceOf(campaigns, kind))
    put(sheet, COMMA)
    putTextCell(sheet, receipts, order[rank] as number)
    put(sheet, pieceOf(statuses, kind))
    put(sheet, pieceOf(keys, kind))
    putAmount(sheet, micros)
    put(sheet, pieceOf(flags, flagsIndex(marks[rank] as number, chargeback)))
    put(sheet, LINE_END)
  }
  return {
    textBytes: (rank: number): number =>
      lengthOf(players, purchases.players[rank] as number) +
      lengthOf(receipts, order[rank] as number),
    putLine,
  }
}

function putTextCell(sheet: Sheet, { bytes, starts }: Texts, text: number): void {
  putCell(sheet, bytes, starts[text] as number, starts[text + 1] as number)
}

function putAmount(sheet: Sheet, micros: number): void {
  put(sheet, COMMA)
  putMoneyCell(sheet, micros)
}

const namesAsCells = (names: readonly string[]): readonly Uint8Array[] =>
  names.map((name) => ink(`,${csvCell(name)}`))

const longestOf = (pieces: readonly Uint8Array[]): number =>
  pieces.reduce((longest, { length }) => Math.max(longest, length), 0)

function pieceOf(pieces: readonly Uint8Array[], code: number | undefined): Uint8Array {
  const piece = code === undefined ? undefined : pieces[code]
  if (piece === undefined) throw new RangeError(`nothing has the code ${code}`)
  return piece
}

const CHARGEBACKS = Object.keys(CHARGEBACK).length

const flagsIndex = (mark: number, chargeback: number): number => mark * CHARGEBACKS + chargeback

/** The last cell by {@link flagsIndex}. */
function flagsAsCells(): readonly Uint8Array[] {
  const marks = 2 * Math.max(...Object.values(MARK))
  return Array.from({ length: marks * CHARGEBACKS }, (_value, index) => {
    const mark = Math.floor(index / CHARGEBACKS)
    const chargeback = index % CHARGEBACKS
    const flags = [
      ...(mark & MARK.campaignDiffers ? ['campaign_differs'] : []),
      ...(chargeback === CHARGEBACK.none ? [] : ['chargeback']),
      ...(mark & MARK.duplicateReceipt ? ['duplicate_receipt'] : []),
      ...(chargeback === CHARGEBACK.foreign ? ['receipt_on_two_players'] : []),
    ]
    return ink(`,${flags.join(';')}`)
  })
}
