// purchases_curated.csv: every purchase that counts, once, in row order.
import { csvCell } from '../cells/cells.ts'
import { CHARGEBACK, MARK, type PurchaseNames, type PurchaseRows } from '../clean/clean.ts'
import { NO_WINDOW, type TextRows, type TextWindow } from '../engine/engine.ts'
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

/** What the file needs of `purchases` beside player and receipt: the codes of names. */
export const CURATED_CODES = ['event', 'campaign', 'status'].map(
  (name) => `enum_code(${name})::INTEGER`,
)

export type CuratedRows = {
  readonly purchases: PurchaseRows
  readonly purchaseMarks: Uint8Array
}

/** @param texts player and receipt by rank, with {@link CURATED_CODES} */
export function writeCurated(
  path: string,
  { purchases, purchaseMarks }: CuratedRows,
  names: PurchaseNames,
  texts: TextRows,
): Promise<void> {
  const printer = createPrinter(purchases, purchaseMarks, names)
  return writeLines(path, async (file) => {
    putText(file, `${COLUMNS.join(',')}\n`)
    let window = NO_WINDOW
    for (let rank = 0; rank < purchases.count; rank += 1) {
      if ((purchaseMarks[rank] as number) & MARK.duplicate) continue
      if (rank >= window.to) window = await texts.window(rank)
      const room = printer.lineBytes + 2 * textBytes(window, rank)
      file.makeRoom(room)
      printer.putLine(file.sheet, window, rank)
    }
  })
}

function textBytes({ from, starts }: TextWindow, rank: number): number {
  const text = (rank - from) * 2
  return (starts[text + 2] as number) - (starts[text] as number)
}

const COMMA = ink(',')
const LINE_END = ink('\n')
const NO_REVENUE = ink(',0.00')
/** More than times, amounts and flags need. */
const NUMBERS_BYTES = 512

/** Each line is cells with a comma before each but the first. */
function createPrinter(purchases: PurchaseRows, marks: Uint8Array, names: PurchaseNames) {
  const events = namesAsCells(names.events)
  const campaigns = namesAsCells(names.campaigns)
  const statuses = namesAsCells(names.statuses)
  const keys = namesAsCells(names.campaignKeys)
  const flags = flagsAsCells()
  const putLine = (sheet: Sheet, window: TextWindow, rank: number): void => {
    const row = rank - window.from
    const { bytes, starts, codes } = window
    const chargeback = purchases.chargebacks[rank] as number
    const micros = purchases.micros[rank] as number
    const receipt = starts[row * 2 + 1] as number
    putCell(sheet, bytes, starts[row * 2] as number, receipt)
    put(sheet, pieceOf(events, codes[0]?.[row]))
    put(sheet, COMMA)
    putInstant(sheet, purchases.instants[rank] as number)
    if (chargeback === CHARGEBACK.none) putAmount(sheet, micros)
    else put(sheet, NO_REVENUE)
    put(sheet, pieceOf(campaigns, codes[1]?.[row]))
    put(sheet, COMMA)
    putCell(sheet, bytes, receipt, starts[row * 2 + 2] as number)
    put(sheet, pieceOf(statuses, codes[2]?.[row]))
    put(sheet, pieceOf(keys, purchases.campaignKeys[rank]))
    putAmount(sheet, micros)
    put(sheet, pieceOf(flags, flagsIndex(marks[rank] as number, chargeback)))
    put(sheet, LINE_END)
  }
  const longest = [events, campaigns, statuses, keys].map(longestOf)
  return { lineBytes: longest.reduce((sum, bytes) => sum + bytes, NUMBERS_BYTES), putLine }
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
