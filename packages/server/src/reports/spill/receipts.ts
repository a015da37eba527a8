import { CHARGEBACK, MARK } from '../clean/clean.ts'
import type { ChargebackTarget } from '../inspect/inspect.ts'
import { createTextHash, type TextHash } from '../texts/texts.ts'
import type { SpillFile, SpillReader } from './spill-file.ts'

/**
 * Receipts of all players, which must be compared with each other, in parts by their hash. A record is a
 * chargeback or a kept purchase; its player is a hash too, both halves 0 for none that is named.
 */
export type ReceiptSpill = {
  readonly chargebacks: ChargebackTarget
  /** @param id from 0, of a purchase that is kept and has a receipt */
  addPurchase(id: number, low: number, high: number, player: TextHash): void
  /** By id: bits of {@link CHARGEBACK}, and {@link MARK.duplicateReceipt}. */
  marks(count: number): Uint8Array
}

const RECORD_BYTES = 32
const NO_PURCHASE = -1

export function createReceiptSpill(file: SpillFile, parts: number): ReceiptSpill {
  const records = Array.from({ length: parts }, () => 0)
  const [receipt, player] = [createTextHash(), createTextHash()]
  const put = (id: number, low: number, high: number, by: Pick<TextHash, 'low' | 'high'>): void => {
    const part = (high >>> 0) % parts
    records[part] = (records[part] as number) + 1
    const { at, ints, doubles } = file.put(part, RECORD_BYTES)
    const int = at >> 2
    ints[int + 1] = low
    ints[int + 2] = high
    ints[int + 3] = by.low
    ints[int + 4] = by.high
    doubles[(at >> 3) + 3] = id
  }
  return {
    chargebacks: {
      take(receipts, receiptFrom, receiptTo, players, playerFrom, playerTo) {
        receipt.take(receipts, receiptFrom, receiptTo)
        if (playerFrom === playerTo) put(NO_PURCHASE, receipt.low, receipt.high, NOBODY)
        else {
          player.take(players, playerFrom, playerTo)
          put(NO_PURCHASE, receipt.low, receipt.high, player)
        }
      },
    },
    addPurchase: put,
    marks(count) {
      const marks = new Uint8Array(count)
      for (let part = 0; part < parts; part += 1) {
        file.end(part)
        markPart(file.read(part), records[part] as number, marks)
      }
      return marks
    },
  }
}

const NOBODY = { low: 0, high: 0 }
/** Whose chargeback a receipt has. */
const BY = { none: 0, nobody: 1, one: 2, several: 3 } as const

/** Chargebacks come before all purchases: they are known when the file is read. */
function markPart(reader: SpillReader, records: number, marks: Uint8Array): void {
  const table = createTable(records)
  while (reader.next()) {
    const { at, ints, doubles } = reader.slot
    const int = at >> 2
    const slot = table.slotOf(ints[int + 1] as number, ints[int + 2] as number)
    const [low, high] = [ints[int + 3] as number, ints[int + 4] as number]
    const id = doubles[(at >> 3) + 3] as number
    if (id === NO_PURCHASE) table.takeBack(slot, low, high)
    else {
      marks[id] = (marks[id] as number) | table.chargebackOf(slot, low, high)
      const first = table.share(slot, id)
      if (first === null) continue
      marks[first] = (marks[first] as number) | MARK.duplicateReceipt
      marks[id] = (marks[id] as number) | MARK.duplicateReceipt
    }
  }
}

/** By receipt; at most three quarters full. */
function createTable(records: number) {
  const mask = 2 ** Math.ceil(Math.log2(records * 1.34 + 2)) - 1
  const receipts = new Int32Array((mask + 1) * 2)
  const players = new Int32Array((mask + 1) * 2)
  /** An id plus 1. */
  const firsts = new Float64Array(mask + 1)
  const takenBack = new Uint8Array(mask + 1)
  return {
    slotOf(low: number, high: number): number {
      let slot = low & mask
      for (; ; slot = (slot + 1) & mask) {
        const [ownLow, ownHigh] = [receipts[slot * 2], receipts[slot * 2 + 1]]
        if (ownLow === low && ownHigh === high) return slot
        if (ownLow === 0 && ownHigh === 0) break
      }
      receipts[slot * 2] = low
      receipts[slot * 2 + 1] = high
      return slot
    },
    takeBack(slot: number, low: number, high: number): void {
      const isNamed = low !== 0 || high !== 0
      const before = takenBack[slot]
      if (before === BY.none || before === BY.nobody) {
        takenBack[slot] = isNamed ? BY.one : BY.nobody
        players[slot * 2] = low
        players[slot * 2 + 1] = high
      } else if (isNamed && (players[slot * 2] !== low || players[slot * 2 + 1] !== high)) {
        takenBack[slot] = BY.several
      }
    },
    chargebackOf(slot: number, low: number, high: number): number {
      const by = takenBack[slot]
      if (by === BY.none) return CHARGEBACK.none
      const isOwn = players[slot * 2] === low && players[slot * 2 + 1] === high
      return by === BY.nobody || (by === BY.one && isOwn) ? CHARGEBACK.own : CHARGEBACK.foreign
    },
    /** The first purchase of the receipt; null for this one. */
    share(slot: number, id: number): number | null {
      const first = firsts[slot] as number
      if (first === 0) firsts[slot] = id + 1
      return first === 0 ? null : first - 1
    },
  }
}
