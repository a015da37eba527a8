import { CHARGEBACK, type PurchaseRows } from '../clean/clean.ts'
import { NO_WINDOW, type TextRows, type TextWindow } from '../engine/engine.ts'
import { ink, type LineFile, put, putText, writeLines } from '../print/print.ts'
import { type Detail, ESCAPED_BYTES, LINE_BYTES, putDetail } from './detail-line.ts'
import type { DetailOrder } from './details.ts'
import { isLent } from './lent-receipts.ts'
import type { Matches, Sides } from './matches.ts'
import { type ReconciliationSummary, summaryJson } from './summary.ts'

export type Reconciliation = {
  readonly sides: Sides & { readonly purchases: PurchaseRows }
  readonly matches: Matches
  readonly order: DetailOrder
  readonly summary: ReconciliationSummary
}

/** Player and receipt of both sides by rank; and the receipts that purchases are lent, in their order. */
export type ReconciliationTexts = {
  readonly purchases: TextRows
  readonly confirmations: TextRows
  readonly lent: TextRows
}

/** Writes `reconciliation.json`: the summary, and a line for each detail. */
export function writeReconciliation(
  path: string,
  reconciliation: Reconciliation,
  texts: ReconciliationTexts,
): Promise<void> {
  const { order, summary } = reconciliation
  const head = `{"summary":${summaryJson(summary)},\n"details":[`
  return writeLines(path, async (file) => {
    putText(file, head)
    await putDetails(file, reconciliation, texts)
    putText(file, order.length === 0 ? ']}\n' : '\n]}\n')
  })
}

const FIRST = ink('\n')
const NEXT = ink(',\n')

async function putDetails(
  file: LineFile,
  { sides, matches, order }: Reconciliation,
  texts: ReconciliationTexts,
): Promise<void> {
  const { sheet } = file
  const detail = createDetail()
  let ours = NO_WINDOW
  let theirs = NO_WINDOW
  let lent = NO_WINDOW
  let lentBefore = 0
  for (let place = 0; place < order.length; place += 1) {
    const slot = order[place] as number
    if (slot >= 0) {
      if (!holds(ours, slot)) ours = await texts.purchases.window(slot)
      takePurchase(detail, ours, slot, sides, matches)
      if (isLent(sides, matches, slot)) {
        if (!holds(lent, lentBefore)) lent = await texts.lent.window(lentBefore)
        detail.receipts = lent
        detail.receipt = lentBefore - lent.from
        lentBefore += 1
      }
    } else {
      const rank = -1 - slot
      if (!holds(theirs, rank)) theirs = await texts.confirmations.window(rank)
      takeConfirmation(detail, theirs, rank, sides, matches)
    }
    const room = LINE_BYTES + ESCAPED_BYTES * textBytes(detail)
    file.makeRoom(room)
    put(sheet, place === 0 ? FIRST : NEXT)
    putDetail(sheet, detail)
  }
}

const createDetail = (): Detail => ({
  ...{ instant: Number.NaN, confirmedAt: Number.NaN, revenue: 0, confirmed: Number.NaN },
  ...{ rule: 0, flags: 0, players: NO_WINDOW, player: 0, receipts: NO_WINDOW, receipt: 0 },
})

const holds = ({ from, to }: TextWindow, row: number): boolean => row >= from && row < to

function takePurchase(
  detail: Detail,
  window: TextWindow,
  rank: number,
  { purchases, confirmations }: Reconciliation['sides'],
  matches: Matches,
): void {
  const partner = matches.confirmations[rank] as number
  const isCharged = purchases.chargebacks[rank] !== CHARGEBACK.none
  detail.instant = purchases.instants[rank] as number
  detail.confirmedAt = partner < 0 ? Number.NaN : (confirmations.instants[partner] as number)
  detail.revenue = isCharged ? 0 : (purchases.micros[rank] as number)
  detail.confirmed = partner < 0 ? Number.NaN : (confirmations.micros[partner] as number)
  detail.rule = matches.rules[rank] as number
  detail.flags = matches.flags[rank] as number
  takeTexts(detail, window, rank)
}

function takeConfirmation(
  detail: Detail,
  window: TextWindow,
  rank: number,
  { confirmations }: Sides,
  matches: Matches,
): void {
  detail.instant = Number.NaN
  detail.confirmedAt = confirmations.instants[rank] as number
  detail.revenue = confirmations.micros[rank] as number
  detail.confirmed = detail.revenue
  detail.rule = 0
  detail.flags = matches.ownFlags[rank] as number
  takeTexts(detail, window, rank)
}

function takeTexts(detail: Detail, window: TextWindow, rank: number): void {
  detail.players = window
  detail.player = (rank - window.from) * 2
  detail.receipts = window
  detail.receipt = detail.player + 1
}

const textBytes = ({ players, player, receipts, receipt }: Detail): number =>
  lengthOf(players, player) + lengthOf(receipts, receipt)

const lengthOf = ({ starts }: TextWindow, text: number): number =>
  (starts[text + 1] as number) - (starts[text] as number)
