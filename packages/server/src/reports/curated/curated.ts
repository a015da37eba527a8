// purchases_curated.csv: every purchase that counts, once, in row order.
import { csvCell } from '../cells/cells.ts'
import { CHARGEBACK, MARK, type PurchaseRows, type RowTexts } from '../clean/clean.ts'
import type { PurchaseKind } from '../inspect/inspect.ts'
import {
  ink,
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
  readonly kinds: readonly PurchaseKind[]
  readonly texts: RowTexts
}

/** So many rows are looked at before they are printed: their texts stay in the first cache. */
const ROWS_AHEAD = 128

export function writeCurated(
  path: string,
  { purchases, purchaseMarks, kinds, texts }: CuratedRows,
): Promise<Output> {
  const printer = createPrinter(purchases, purchaseMarks, kinds, texts)
  return writeLines(path, (file) => {
    putText(file, `${COLUMNS.join(',')}\n`)
    for (let rank = 0; rank < purchases.count; rank += 1) {
      if (rank % ROWS_AHEAD === 0) {
        touch(texts.players, purchases.players, rank, rank + ROWS_AHEAD)
        touch(texts.receipts, texts.order, rank, rank + ROWS_AHEAD)
      }
      if ((purchaseMarks[rank] as number) & MARK.duplicate) continue
      file.makeRoom(printer.lineBytes + 2 * printer.textBytes(rank))
      printer.putLine(file.sheet, rank)
    }
  })
}

const COMMA = ink(',')
const LINE_END = ink('\n')
const NO_REVENUE = ink(',0.00')
/** More than times, amounts and flags need. */
const NUMBERS_BYTES = 512

/** Each line is cells with a comma before each but the first. */
function createPrinter(
  purchases: PurchaseRows,
  marks: Uint8Array,
  kinds: readonly PurchaseKind[],
  { players, receipts, order }: RowTexts,
) {
  const events = namesAsCells(kinds.map(({ event }) => event))
  const campaigns = namesAsCells(kinds.map(({ campaign }) => campaign))
  const statuses = namesAsCells(kinds.map(({ status }) => status))
  const keys = namesAsCells(kinds.map(({ campaignKey }) => campaignKey))
  const flags = flagsAsCells()
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
  const longest = [events, campaigns, statuses, keys].map(longestOf)
  return {
    lineBytes: longest.reduce((sum, bytes) => sum + bytes, NUMBERS_BYTES),
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
