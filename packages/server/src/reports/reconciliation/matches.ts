import type { Rows } from '../clean/clean.ts'
import { createBytes, createInt32s } from '../texts/texts.ts'

/** Microseconds: a purchase and a confirmation further apart are not matched by time. */
export const WINDOW = 600_000_000
/** A receipt on more rows of one player, both sides together, is junk. */
export const JUNK_RECEIPT_ROWS = 1_000

export const RULE = { none: 0, receipt: 1, time: 2 } as const
export const FLAG = { junkReceipt: 1, outsideWindow: 2, receiptMismatch: 4 } as const

export type Sides = {
  readonly purchases: Rows
  readonly purchaseMarks: Uint8Array
  readonly confirmations: Rows
  readonly confirmationMarks: Uint8Array
  /** How many there are. */
  readonly players: number
}

export type Matches = {
  /** By purchase: the rank of its confirmation, −1 without. */
  readonly confirmations: Int32Array
  /** By purchase: the {@link RULE} that matched it. */
  readonly rules: Uint8Array
  /** By purchase: {@link FLAG}s, those of its confirmation included. */
  readonly flags: Uint8Array
  /** By confirmation: 1 when it is some purchase's. */
  readonly taken: Uint8Array
  /** By confirmation: its own {@link FLAG}s. */
  readonly ownFlags: Uint8Array
}

export const createMatches = ({ purchases, confirmations }: Sides): Matches => ({
  confirmations: createInt32s(purchases.count).fill(-1),
  rules: createBytes(purchases.count),
  flags: createBytes(purchases.count),
  taken: createBytes(confirmations.count),
  ownFlags: createBytes(confirmations.count),
})
