import type { FoundSale, SaleTarget, SessionTarget } from '../inspect/inspect.ts'
import { copyBytes, createTextHash } from '../texts/texts.ts'
import type { SpillFile, SpillReader } from './spill-file.ts'

/** Rows of one file on the disk, in parts: all rows of one player, or user, are in one part. */
export type SpilledRows = {
  readonly file: SpillFile
  /** By part. */
  readonly rows: readonly number[]
  readonly idBytes: readonly number[]
}

type RowSpill<Target> = Target & {
  /** No more rows come. */
  end(): SpilledRows
}

/** Before the ids of a row: four numbers of 32 bits, and three doubles. */
const SALE_BYTES = 40

export function spillSales(file: SpillFile, parts: number): RowSpill<SaleTarget> {
  const { partOf, end } = spillByText(file, parts)
  return {
    end,
    take(sale) {
      const { ids, playerFrom, playerTo, receiptFrom, receiptTo } = sale
      const [player, receipt] = [playerTo - playerFrom, receiptTo - receiptFrom]
      const part = partOf(ids, playerFrom, playerTo, player + receipt)
      const { at, ints, doubles, bytes } = file.put(part, SALE_BYTES + player + receipt)
      const [int, double] = [at >> 2, at >> 3]
      ints[int + 1] = sale.kind
      ints[int + 2] = player
      ints[int + 3] = (receipt << 1) | Number(sale.isOdd)
      doubles[double + 2] = sale.instant
      doubles[double + 3] = sale.micros
      doubles[double + 4] = sale.place
      copyBytes(ids, playerFrom, playerTo, bytes, at + SALE_BYTES)
      copyBytes(ids, receiptFrom, receiptTo, bytes, at + SALE_BYTES + player)
    },
  }
}

/** Reads the row of a record into `sale`, whose ids stay where they are. */
export function readSale(
  { slot: { at, ints, doubles, bytes } }: SpillReader,
  sale: FoundSale,
): void {
  const [int, double] = [at >> 2, at >> 3]
  const receipt = ints[int + 3] as number
  sale.ids = bytes
  sale.kind = ints[int + 1] as number
  sale.playerFrom = at + SALE_BYTES
  sale.playerTo = sale.playerFrom + (ints[int + 2] as number)
  sale.receiptFrom = sale.playerTo
  sale.receiptTo = sale.receiptFrom + (receipt >> 1)
  sale.isOdd = (receipt & 1) === 1
  sale.instant = doubles[double + 2] as number
  sale.micros = doubles[double + 3] as number
  sale.place = doubles[double + 4] as number
}

const SESSION_BYTES = 16

export function spillSessions(file: SpillFile, parts: number): RowSpill<SessionTarget> {
  const { partOf, end } = spillByText(file, parts)
  return {
    end,
    take(user, from, to, instant) {
      const part = partOf(user, from, to, to - from)
      const { at, ints, doubles, bytes } = file.put(part, SESSION_BYTES + to - from)
      ints[(at >> 2) + 1] = to - from
      doubles[(at >> 3) + 1] = instant
      copyBytes(user, from, to, bytes, at + SESSION_BYTES)
    },
  }
}

/** Hands the session of a record over. */
export function readSession(
  { slot: { at, ints, doubles, bytes } }: SpillReader,
  to: SessionTarget,
) {
  const from = at + SESSION_BYTES
  to.take(bytes, from, from + (ints[(at >> 2) + 1] as number), doubles[(at >> 3) + 1] as number)
}

function spillByText(file: SpillFile, parts: number) {
  const rows = Array.from({ length: parts }, () => 0)
  const idBytes = Array.from({ length: parts }, () => 0)
  const hash = createTextHash()
  return {
    /** The part of a row with this text, which is counted there. */
    partOf(bytes: Uint8Array, from: number, to: number, ownBytes: number): number {
      hash.take(bytes, from, to)
      const part = (hash.high >>> 0) % parts
      rows[part] = (rows[part] as number) + 1
      idBytes[part] = (idBytes[part] as number) + ownBytes
      return part
    },
    end(): SpilledRows {
      for (let part = 0; part < parts; part += 1) file.end(part)
      return { file, rows, idBytes }
    },
  }
}
