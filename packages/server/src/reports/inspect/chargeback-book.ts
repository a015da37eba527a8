import { present } from '../cells/cells.ts'
import { hashBytes, type TextNumbers } from '../texts/texts.ts'
import { isPlainId, isPlainPlayer } from './plain-sales.ts'
import type { Purchase } from './purchase-reader.ts'
import { cellStart, cellStop, type RecordPlace } from './record.ts'
import { numberOfText } from './sale-rows.ts'

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
  readonly chargebacks: readonly Chargeback[]
}

const COMMA = 0x2c

/** @param players of the rows that are taken back; those who take back are added */
export function createChargebackBook(at: ChargebackColumns, players: TextNumbers): ChargebackBook {
  const chargebacks: Chargeback[] = []
  const halves = new Int32Array(2)
  const note = (bytes: Uint8Array, from: number, to: number, player: number): void => {
    if (from === to) return
    hashBytes(bytes, from, to, halves, 0)
    const [low = 0, high = 0] = halves
    chargebacks.push({ receipt: [low, high], player })
  }
  return {
    chargebacks,
    addPlain(record, bytes) {
      const isPlain =
        isPlainPlayer(record, bytes, at.player) && isPlainId(record, bytes, at.receipt)
      // An amount with a comma tells what others of its column mean.
      if (!isPlain || hasComma(record, bytes, at.amount)) return false
      const start = cellStart(record, bytes, at.player)
      const player = players.numberOf(bytes, start, cellStop(record, bytes, at.player))
      const from = cellStart(record, bytes, at.receipt)
      note(bytes, from, cellStop(record, bytes, at.receipt), player)
      return true
    },
    add(purchase) {
      const [bytes, player] = [Buffer.from(present(purchase.receipt)), present(purchase.player)]
      note(bytes, 0, bytes.length, player === '' ? -1 : numberOfText(players, player))
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
