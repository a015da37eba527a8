import { align } from './alignment.ts'
import { byCodePoint } from './cell-text.ts'
import type { Confirmation } from './other-files.ts'
import type { Purchase } from './purchases.ts'
import { inRowOrder } from './row-order.ts'
import type { Instant } from './time.ts'

export type Verdict = 'matched' | 'af_only' | 'confirmed_only'
export type MatchRule = 'receipt' | 'time'
export type MatchFlag = 'junk_receipt' | 'outside_window' | 'receipt_mismatch'

export type Detail = {
  readonly type: Verdict
  readonly player: string
  readonly purchase: Purchase | undefined
  readonly confirmation: Confirmation | undefined
  readonly instant: Instant
  /** The curated amount; that of the confirmation where there is no purchase. */
  readonly micros: bigint
  readonly receipt: string
  readonly rule: MatchRule | undefined
  /** Confirmation less purchase. */
  readonly microsecondsApart: bigint | undefined
  readonly flags: readonly MatchFlag[]
}

const WINDOW_US = 600_000_000n

/** Rule 4. Both lists are in row order; a receipt on more rows of a player than that is junk. */
export function reconcile(
  purchases: readonly Purchase[],
  confirmations: readonly Confirmation[],
  junkReceiptRows: number,
): readonly Detail[] {
  const players = new Set([...purchases, ...confirmations].map(({ player }) => player))
  return [...players]
    .flatMap((player) =>
      reconcilePlayer(
        purchases.filter((row) => row.player === player),
        confirmations.filter((row) => row.player === player),
        junkReceiptRows,
      ),
    )
    .sort(inDetailOrder)
}

type Match = {
  readonly purchase: Purchase
  readonly confirmation: Confirmation
  readonly rule: MatchRule
}

function reconcilePlayer(
  purchases: readonly Purchase[],
  confirmations: readonly Confirmation[],
  junkReceiptRows: number,
): Detail[] {
  const everyRow = [...purchases, ...confirmations]
  const isJunk = ({ receipt }: { readonly receipt: string }): boolean =>
    receipt !== '' && everyRow.filter((row) => row.receipt === receipt).length > junkReceiptRows
  const receiptOf = (row: Purchase | Confirmation): string => (isJunk(row) ? '' : row.receipt)
  const receipts = new Set(everyRow.map(receiptOf).filter((receipt) => receipt !== ''))
  const byReceipt = [...receipts].flatMap((receipt) =>
    matches(
      purchases.filter((row) => receiptOf(row) === receipt),
      confirmations.filter((row) => receiptOf(row) === receipt),
      'receipt',
    ),
  )
  const leftPurchases = purchases.filter((row) => !byReceipt.some((m) => m.purchase === row))
  const leftConfirmations = confirmations.filter(
    (row) => !byReceipt.some((m) => m.confirmation === row),
  )
  const found = [...byReceipt, ...matches(leftPurchases, leftConfirmations, 'time')]
  return [
    ...found.map(({ purchase, confirmation, rule }) => {
      const flags: MatchFlag[] = []
      if (isJunk(purchase) || isJunk(confirmation)) flags.push('junk_receipt')
      const apart = confirmation.instant - purchase.instant
      if (apart > WINDOW_US || apart < -WINDOW_US) flags.push('outside_window')
      const [ours, theirs] = [receiptOf(purchase), receiptOf(confirmation)]
      if (ours !== '' && theirs !== '' && ours !== theirs) flags.push('receipt_mismatch')
      return matchedDetail(purchase, confirmation, rule, flags)
    }),
    ...purchases
      .filter((row) => !found.some((match) => match.purchase === row))
      .map((row) => afOnlyDetail(row, isJunk(row) ? ['junk_receipt'] : [])),
    ...confirmations
      .filter((row) => !found.some((match) => match.confirmation === row))
      .map((row) => confirmedOnlyDetail(row, isJunk(row) ? ['junk_receipt'] : [])),
  ]
}

function matches(
  purchases: readonly Purchase[],
  confirmations: readonly Confirmation[],
  rule: MatchRule,
): Match[] {
  const pairs = align(
    purchases.map(({ instant }) => instant),
    confirmations.map(({ instant }) => instant),
    rule === 'time' ? WINDOW_US : undefined,
  )
  return pairs.flatMap(([i, j]) => {
    const [purchase, confirmation] = [purchases[i], confirmations[j]]
    return purchase && confirmation ? [{ purchase, confirmation, rule }] : []
  })
}

function matchedDetail(
  purchase: Purchase,
  confirmation: Confirmation,
  rule: MatchRule,
  flags: readonly MatchFlag[],
): Detail {
  return {
    type: 'matched',
    player: purchase.player,
    purchase,
    confirmation,
    instant: purchase.instant,
    micros: purchase.curatedMicros,
    receipt: purchase.receipt === '' ? confirmation.receipt : purchase.receipt,
    rule,
    microsecondsApart: confirmation.instant - purchase.instant,
    flags,
  }
}

function afOnlyDetail(purchase: Purchase, flags: readonly MatchFlag[]): Detail {
  const { player, instant, receipt, curatedMicros } = purchase
  const none = { rule: undefined, microsecondsApart: undefined, confirmation: undefined }
  return {
    type: 'af_only',
    player,
    instant,
    micros: curatedMicros,
    receipt,
    purchase,
    ...none,
    flags,
  }
}

function confirmedOnlyDetail(confirmation: Confirmation, flags: readonly MatchFlag[]): Detail {
  const { player, instant, receipt, micros } = confirmation
  const none = { rule: undefined, microsecondsApart: undefined, purchase: undefined }
  return { type: 'confirmed_only', player, instant, micros, receipt, confirmation, ...none, flags }
}

/** Instant, then type, then the order of the rows themselves. */
function inDetailOrder(a: Detail, b: Detail): number {
  if (a.instant !== b.instant) return a.instant < b.instant ? -1 : 1
  if (a.type !== b.type) return byCodePoint(a.type, b.type)
  const [rowOfA, rowOfB] = [a.purchase ?? a.confirmation, b.purchase ?? b.confirmation]
  return rowOfA && rowOfB ? inRowOrder(rowOfA, rowOfB) : 0
}
