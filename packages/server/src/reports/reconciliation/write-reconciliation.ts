import { CHARGEBACK, type PurchaseRows, type Rows, type RowTexts } from '../clean/clean.ts'
import {
  createPieces,
  ink,
  type LineFile,
  type Lines,
  type Pieces,
  printAhead,
  put,
  putText,
  writeLines,
  writePieces,
} from '../print/print.ts'
import type { Output } from '../runs/runs.ts'
import { firstByte, hasText, lengthOf, NO_TEXTS } from '../texts/texts.ts'
import { type Detail, ESCAPED_BYTES, LINE_BYTES, putDetail } from './detail-line.ts'
import type { DetailOrder } from './details.ts'
import type { Matches, Sides } from './matches.ts'
import { type ReconciliationSummary, summaryJson } from './summary.ts'

export type Reconciliation = {
  readonly sides: Sides & { readonly purchases: PurchaseRows }
  readonly texts: SideTexts
  readonly matches: Matches
  readonly order: DetailOrder
  readonly summary: ReconciliationSummary
}

export type SideTexts = Readonly<Record<'purchases' | 'confirmations', RowTexts>>

/** Of a million purchases 650 KB. */
const PIECE_DETAILS = 2_048

/** The details as pieces of the file, which two threads may print. */
export const piecesOf = ({ order }: Pick<Reconciliation, 'order'>): Pieces =>
  createPieces(Math.ceil(order.length / PIECE_DETAILS))

/**
 * Writes `reconciliation.json`: the summary, and a line for each detail.
 * @param pieces where another thread prints ahead
 */
export function writeReconciliation(
  path: string,
  reconciliation: Reconciliation,
  pieces?: Pieces,
): Promise<Output> {
  const { order, summary } = reconciliation
  return writeAround(path, summary, (file) => {
    if (pieces === undefined) putDetails(file, reconciliation, 0, order.length, true)
    else writePieces(pieces, printerOf(reconciliation), file)
    return order.length > 0
  })
}

/** Details in their order, of rows that are no others than theirs. */
export type DetailsPart = Omit<Reconciliation, 'summary'>

/** The same for details that come in parts; none is looked at after the next has come. */
export function writeReconciliationParts(
  path: string,
  summary: ReconciliationSummary,
  parts: AsyncIterable<DetailsPart>,
): Promise<Output> {
  return writeAround(path, summary, async (file) => {
    let isFirst = true
    for await (const part of parts) {
      putDetails(file, part, 0, part.order.length, isFirst)
      isFirst &&= part.order.length === 0
    }
    return !isFirst
  })
}

/** @param print the details; answers whether there were any */
const writeAround = (
  path: string,
  summary: ReconciliationSummary,
  print: (file: LineFile) => boolean | Promise<boolean>,
): Promise<Output> =>
  writeLines(path, (file) => {
    const end = (hasAny: boolean): void => putText(file, hasAny ? '\n]}\n' : ']}\n')
    putText(file, `{"summary":${summaryJson(summary)},\n"details":[`)
    const printed = print(file)
    // What is printed at once is on its way to the disk while the caller goes on.
    return typeof printed === 'boolean' ? end(printed) : printed.then(end)
  })

/** Prints details that another thread writes with the same pieces; rejects when `failure` does. */
export const printDetailsAhead = (
  reconciliation: Reconciliation,
  pieces: Pieces,
  failure: Promise<never>,
): Promise<void> => printAhead(pieces, printerOf(reconciliation), failure)

const printerOf = (reconciliation: Reconciliation) => (lines: Lines, piece: number) => {
  const from = piece * PIECE_DETAILS
  putDetails(
    lines,
    reconciliation,
    from,
    Math.min(from + PIECE_DETAILS, reconciliation.order.length),
    from === 0,
  )
}

const FIRST = ink('\n')
const NEXT = ink(',\n')

/** So many details are looked at before they are printed: what they need stays in the first cache. */
const DETAILS_AHEAD = 128

/** @param isFirst nothing was printed before */
function putDetails(
  lines: Lines,
  reconciliation: DetailsPart,
  from: number,
  to: number,
  isFirst: boolean,
): void {
  const { sheet } = lines
  const { order } = reconciliation
  const detail = createDetail()
  for (let place = from; place < to; place += 1) {
    if (place % DETAILS_AHEAD === 0) touchDetails(reconciliation, place, place + DETAILS_AHEAD)
    const slot = order[place] as number
    if (slot >= 0) takePurchase(detail, reconciliation, slot)
    else takeConfirmation(detail, reconciliation, -1 - slot)
    const { players, player, receipts, receipt } = detail
    const textBytes = lengthOf(players, player) + lengthOf(receipts, receipt)
    lines.makeRoom(LINE_BYTES + ESCAPED_BYTES * textBytes)
    put(sheet, isFirst && place === from ? FIRST : NEXT)
    putDetail(sheet, detail)
  }
}

/** As `touch` does; the answer means nothing. */
function touchDetails(
  { sides, texts, matches, order }: DetailsPart,
  from: number,
  to: number,
): number {
  const { purchases, confirmations } = sides
  const end = Math.min(to, order.length)
  let sum = 0
  for (let place = from; place < end; place += 1) {
    const slot = order[place] as number
    if (slot < 0) {
      sum += touchRow(texts.confirmations, confirmations, -1 - slot)
      continue
    }
    sum += touchRow(texts.purchases, purchases, slot)
    const partner = matches.confirmations[slot] as number
    if (partner < 0) continue
    sum += (confirmations.instants[partner] as number) + (confirmations.micros[partner] as number)
  }
  return sum
}

const touchRow = ({ players, receipts, order }: RowTexts, rows: Rows, rank: number): number =>
  firstByte(players, rows.players[rank] as number) + firstByte(receipts, order[rank] as number)

const createDetail = (): Detail => ({
  ...{ instant: Number.NaN, confirmedAt: Number.NaN, revenue: 0, confirmed: Number.NaN },
  ...{ rule: 0, flags: 0, players: NO_TEXTS, player: 0, receipts: NO_TEXTS, receipt: 0 },
})

function takePurchase(detail: Detail, of: DetailsPart, rank: number): void {
  const { matches, texts } = of
  const { purchases, confirmations } = of.sides
  const partner = matches.confirmations[rank] as number
  const isCharged = purchases.chargebacks[rank] !== CHARGEBACK.none
  detail.instant = purchases.instants[rank] as number
  detail.confirmedAt = partner < 0 ? Number.NaN : (confirmations.instants[partner] as number)
  detail.revenue = isCharged ? 0 : (purchases.micros[rank] as number)
  detail.confirmed = partner < 0 ? Number.NaN : (confirmations.micros[partner] as number)
  detail.rule = matches.rules[rank] as number
  detail.flags = matches.flags[rank] as number
  takeTexts(detail, texts.purchases, purchases, rank)
  // A purchase without receipt shows that of its confirmation.
  if (partner < 0 || hasText(detail.receipts, detail.receipt)) return
  detail.receipts = texts.confirmations.receipts
  detail.receipt = texts.confirmations.order[partner] as number
}

function takeConfirmation(detail: Detail, of: DetailsPart, rank: number): void {
  const { confirmations } = of.sides
  detail.instant = Number.NaN
  detail.confirmedAt = confirmations.instants[rank] as number
  detail.revenue = confirmations.micros[rank] as number
  detail.confirmed = detail.revenue
  detail.rule = 0
  detail.flags = of.matches.ownFlags[rank] as number
  takeTexts(detail, of.texts.confirmations, confirmations, rank)
}

function takeTexts(detail: Detail, texts: RowTexts, rows: Rows, rank: number): void {
  detail.players = texts.players
  detail.player = rows.players[rank] as number
  detail.receipts = texts.receipts
  detail.receipt = texts.order[rank] as number
}
