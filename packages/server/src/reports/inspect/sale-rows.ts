import { present } from '../cells/cells.ts'
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
import { cellStart, cellStop, type RecordPlace } from './record.ts'

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

/** Where the ids stand in a record. */
export type IdColumns = { readonly player: number; readonly receipt: number }

export type SaleRowsBuilder = {
  /** A row whose ids are the bytes of their cells. */
  add(record: RecordPlace, bytes: Buffer, base: number, instant: number, micros: number): void
  /** A row that was read as text; its ids are cleaned here. */
  addTexts(ids: Ids, instant: number, micros: number, place: number): void
  readonly players: TextNumbers
  rows(): SaleRows
}

export type Ids = { readonly player: string; readonly receipt: string }

/**
 * Rows of a usual file are longer, so that columns rarely grow, which leaves twice their memory behind. Room
 * that is not used costs no memory.
 */
export const ROW_BYTES = 64
/** Stands for a player whose number comes later. */
const LATER = -1
/** Of a row's player and receipt. */
const ID_BYTES = 24

export function createSaleRows(at: IdColumns, fileBytes: number): SaleRowsBuilder {
  let room = Math.ceil(fileBytes / ROW_BYTES) + 16
  const players = createTextNumbers({ texts: room >> 1, bytes: (room >> 1) * ID_BYTES })
  const receiptTexts = createTextList({ texts: room, bytes: room * ID_BYTES })
  let instants = createFloat64s(room)
  let micros = createFloat64s(room)
  let numbers = createInt32s(room)
  let receipts = createInt32s(room * 2)
  let places = fileBytes < 2 ** 32 ? new Uint32Array(room) : new Float64Array(room)
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
  const addRow = (player: number, instant: number, amount: number, place: number): void => {
    if (count === room) widen()
    numbers[count] = player
    instants[count] = instant
    micros[count] = amount
    places[count] = place
    count += 1
  }
  /** Of the row that comes next. */
  const addReceipt = (bytes: Uint8Array, from: number, to: number): void => {
    if (count === room) widen()
    receiptTexts.add(bytes, from, to)
    if (to > from) hashBytes(bytes, from, to, receipts, count * 2)
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
    add(record, bytes, base, instant, amount) {
      const { player, receipt } = at
      addReceipt(bytes, cellStart(record, bytes, receipt), cellStop(record, bytes, receipt))
      const from = cellStart(record, bytes, player)
      queue.add(count, bytes, from, cellStop(record, bytes, player))
      addRow(LATER, instant, amount, base + record.start)
    },
    addTexts(ids, instant, amount, place) {
      const receipt = present(ids.receipt)
      const player = present(ids.player)
      hasOddIds ||= receipt !== ids.receipt || player !== ids.player
      const bytes = Buffer.from(receipt)
      addReceipt(bytes, 0, bytes.length)
      addRow(numberOfText(players, player), instant, amount, place)
    },
    rows() {
      queue.flush()
      return rowsSoFar()
    },
  }
}
export function numberOfText(numbers: TextNumbers, text: string): number {
  const bytes = Buffer.from(text)
  return numbers.numberOf(bytes, 0, bytes.length)
}
