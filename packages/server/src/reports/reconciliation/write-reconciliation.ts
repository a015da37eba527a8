import { CHARGEBACK, type PurchaseRows, type Rows, type RowTexts } from '../clean/clean.ts'
import { ink, type LineFile, put, putText, writeLines } from '../print/print.ts'
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

/** Writes `reconciliation.json`: the summary, and a line for each detail. */
export function writeReconciliation(path: string, reconciliation: Reconciliation): Promise<void> {
  const { order, summary } = reconciliation
  const head = `{"summary":${summaryJson(summary)},\n"details":[`
  return writeLines(path, (file) => {
    putText(file, head)
    putDetails(file, reconciliation)
    putText(file, order.length === 0 ? ']}\n' : '\n]}\n')
  })
}

const FIRST = ink('\n')
const NEXT = ink(',\n')

/** So many details are looked at before they are printed: what they need stays in the first cache. */
const DETAILS_AHEAD = 128

function putDetails(file: LineFile, reconciliation: Reconciliation): void {
  const { sheet } = file
  const { order } = reconciliation
  const detail = createDetail()
  for (let place = 0; place < order.length; place += 1) {
    if (place % DETAILS_AHEAD === 0) touchDetails(reconciliation, place, place + DETAILS_AHEAD)
    const slot = order[place] as number
    if (slot >= 0) takePurchase(detail, reconciliation, slot)
    else takeConfirmation(detail, reconciliation, -1 - slot)
    const { players, player, receipts, receipt } = detail
    const textBytes = lengthOf(players, player) + lengthOf(receipts, receipt)
    file.makeRoom(LINE_BYTES + ESCAPED_BYTES * textBytes)
    put(sheet, place === 0 ? FIRST : NEXT)
    putDetail(sheet, detail)
  }
}

/** As `touch` does; the answer means nothing. */
function touchDetails(
  { sides, texts, matches, order }: Reconciliation,
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

function takePurchase(detail: Detail, of: Reconciliation, rank: number): void {
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

function takeConfirmation(detail: Detail, of: Reconciliation, rank: number): void {
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
