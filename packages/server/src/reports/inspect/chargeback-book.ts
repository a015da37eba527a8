import { present } from '../cells/cells.ts'
import { hashBytes, type TextNumbers } from '../texts/texts.ts'
import { isPlainId, isPlainPlayer } from './plain-sales.ts'
import type { Purchase } from './purchase-reader.ts'
import { cellStart, cellStop, type RecordPlace } from './record.ts'

/** A row that takes back the purchases of a receipt (by its hash, as rows have it). */
export type Chargeback = {
  readonly receipt: readonly [number, number]
  /** A number of the rows' players, −1 when none is named. */
  readonly player: number
}

export type ChargebackColumns = {
  readonly player: number
  readonly receipt: number
  readonly amount: number
}

export type ChargebackBook = {
  /** Whether the row could be read from its bytes; then it is noted. */
  addPlain(record: RecordPlace, bytes: Buffer): boolean
  add(purchase: Purchase): void
}

/** Takes chargebacks: the receipt is never empty, the player is empty for none that is named. */
export type ChargebackTarget = {
  take(
    receipt: Uint8Array,
    receiptFrom: number,
    receiptTo: number,
    player: Uint8Array,
    playerFrom: number,
    playerTo: number,
  ): void
}

const COMMA = 0x2c

/** @param players of the rows that are taken back; those who take back are added */
export function createChargebackList(
  players: TextNumbers,
): ChargebackTarget & { readonly chargebacks: readonly Chargeback[] } {
  const chargebacks: Chargeback[] = []
  const halves = new Int32Array(2)
  return {
    chargebacks,
    take(receipt, receiptFrom, receiptTo, own, playerFrom, playerTo) {
      hashBytes(receipt, receiptFrom, receiptTo, halves, 0)
      const [low = 0, high = 0] = halves
      const player = playerFrom === playerTo ? -1 : players.numberOf(own, playerFrom, playerTo)
      chargebacks.push({ receipt: [low, high], player })
    },
  }
}

export function createChargebackBook(
  at: ChargebackColumns,
  target: ChargebackTarget,
): ChargebackBook {
  return {
    addPlain(record, bytes) {
      const isPlain =
        isPlainPlayer(record, bytes, at.player) && isPlainId(record, bytes, at.receipt)
      // An amount with a comma tells what others of its column mean.
      if (!isPlain || hasComma(record, bytes, at.amount)) return false
      const from = cellStart(record, bytes, at.receipt)
      const to = cellStop(record, bytes, at.receipt)
      const player = cellStart(record, bytes, at.player)
      if (from < to) target.take(bytes, from, to, bytes, player, cellStop(record, bytes, at.player))
      return true
    },
    add(purchase) {
      const receipt = Buffer.from(present(purchase.receipt))
      const player = Buffer.from(present(purchase.player))
      if (receipt.length > 0) target.take(receipt, 0, receipt.length, player, 0, player.length)
    },
  }
}

function hasComma(record: RecordPlace, bytes: Buffer, cell: number): boolean {
  const stop = cellStop(record, bytes, cell)
  for (let at = cellStart(record, bytes, cell); at < stop; at += 1) {
    if (bytes[at] === COMMA) return true
  }
  return false
}
