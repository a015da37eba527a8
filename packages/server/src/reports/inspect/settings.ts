import type { InputZone } from '../cells/cells.ts'
import type { RejectedRow } from '../runs/runs.ts'

export type InspectSettings = {
  readonly delimiter: string
  /** Of the whole file: how many rows there may be is told from it. */
  readonly fileBytes: number
  /** Of times that name none. */
  readonly zone: InputZone
  /** Receipts that match are no sales (BAD_RECEIPT_PATTERN). */
  readonly badReceipt: RegExp | null
  /** Gets each rejected row as it is found. */
  readonly onRejected: (row: RejectedRow) => void
}

/** Times that name no zone are UTC. */
export const isUtc = (zone: InputZone): boolean => zone.fixedOffsetSeconds === 0

/** In a file of so many bytes places need more than 32 bits. */
export const LONG_PLACES = 2 ** 32
