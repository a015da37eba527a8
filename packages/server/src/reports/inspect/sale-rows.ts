import {
  createFloat64s,
  createInt32s,
  createTextList,
  createTextNumbers,
  createTextQueue,
  grown,
  hashBytes,
  type NumberedTexts,
  type TextNumbers,
  type Texts,
} from '../texts/texts.ts'
import type { SaleTarget } from './found-sale.ts'

/**
 * The rows of one file that may be kept, in no order that matters. Instants are microseconds and micros
 * money, as doubles: both stay below 2^53, so they and their differences are exact.
 */
export type SaleRows = {
  readonly count: number
  readonly instants: Float64Array
  readonly micros: Float64Array
  /** By row, numbers of `playerTexts`. */
  readonly players: Int32Array
  /** Distinct players of this file, those that are named by chargebacks alone included. */
  readonly playerTexts: NumberedTexts
  /** Two 32-bit halves of a receipt's hash each; both 0 without receipt. */
  readonly receipts: Int32Array
  /** By row; empty for none. */
  readonly receiptTexts: Texts
  /** Where the record of a row starts in the file, in bytes. */
  readonly places: Uint32Array | Float64Array
  /** Some player or receipt is not the very text that was read. */
  readonly hasOddIds: boolean
}

export type SaleRowsBuilder = SaleTarget & {
  readonly players: TextNumbers
  rows(): SaleRows
}

/** How many rows are expected, and how many bytes of ids; columns grow where more come. */
export type Room = { readonly rows: number; readonly idBytes: number }

/**
 * Rows of a usual file are longer, so that columns rarely grow, which leaves twice their memory behind. Room
 * that is not used costs no memory.
 */
const ROW_BYTES = 64
/** Of a row's player and receipt. */
const ID_BYTES = 24

/** For the rows of a file of so many bytes. */
export function roomFor(fileBytes: number): Room {
  const rows = Math.ceil(fileBytes / ROW_BYTES) + 16
  return { rows, idBytes: rows * ID_BYTES }
}

/** Stands for a player whose number comes later. */
const LATER = -1

/** @param hasLongPlaces the file has 4 GiB or more */
export function createSaleRows({ rows, idBytes }: Room, hasLongPlaces: boolean): SaleRowsBuilder {
  let room = rows
  const players = createTextNumbers({ texts: room >> 1, bytes: idBytes >> 1 })
  const receiptTexts = createTextList({ texts: room, bytes: idBytes })
  let instants = createFloat64s(room)
  let micros = createFloat64s(room)
  let numbers = createInt32s(room)
  let receipts = createInt32s(room * 2)
  let places = hasLongPlaces ? new Float64Array(room) : new Uint32Array(room)
  let count = 0
  let hasOddIds = false
  const queue = createTextQueue(players, (row, number) => {
    numbers[row] = number
  })

  const widen = (): void => {
    instants = grown(instants, count + 1)
    micros = grown(micros, count + 1)
    numbers = grown(numbers, count + 1)
    places = grown(places, count + 1)
    room = instants.length
    const wider = createInt32s(room * 2)
    wider.set(receipts)
    receipts = wider
  }
  const rowsSoFar = (): SaleRows => ({
    ...{ count, hasOddIds },
    instants: instants.subarray(0, count),
    micros: micros.subarray(0, count),
    players: numbers.subarray(0, count),
    receipts: receipts.subarray(0, count * 2),
    places: places.subarray(0, count),
    playerTexts: { ...players.texts(), count: players.count },
    receiptTexts: receiptTexts.texts(),
  })

  return {
    players,
    take(sale) {
      if (count === room) widen()
      const { ids, receiptFrom, receiptTo } = sale
      receiptTexts.add(ids, receiptFrom, receiptTo)
      if (receiptTo > receiptFrom) hashBytes(ids, receiptFrom, receiptTo, receipts, count * 2)
      queue.add(count, ids, sale.playerFrom, sale.playerTo)
      numbers[count] = LATER
      instants[count] = sale.instant
      micros[count] = sale.micros
      places[count] = sale.place
      hasOddIds ||= sale.isOdd
      count += 1
    },
    rows() {
      queue.flush()
      return rowsSoFar()
    },
  }
}
