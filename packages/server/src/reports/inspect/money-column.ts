import { commaEvidence, type ParsedMoney, parseMoney } from '../cells/cells.ts'

/** The amounts of one column that are of no plain shape. */
export type MoneyColumn = {
  /** `ambiguous-number` may still be read when the whole column was seen. */
  read(text: string): ParsedMoney
  /** Reads an ambiguous text again, after the last cell of the column. */
  decide(text: string): ParsedMoney
  /** A cell of the column, whatever becomes of its row: its commas tell what others mean. */
  witness(text: string): void
}

export function createMoneyColumn(): MoneyColumn {
  const seen = { decimal: false, thousands: false }
  return {
    read: (text) => parseMoney(text, 'unknown'),
    decide(text) {
      if (seen.decimal === seen.thousands) return parseMoney(text, 'unknown')
      return parseMoney(text, seen.decimal ? 'decimal' : 'thousands')
    },
    witness(text) {
      const evidence = commaEvidence(text)
      if (evidence !== null) seen[evidence] = true
    },
  }
}
