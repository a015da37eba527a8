import {
  type CommaMeaning,
  commaEvidence,
  type InputZone,
  type ParsedInstant,
  type ParsedMoney,
  parseInstant,
  parseMoney,
} from '../cells/cells.ts'

/**
 * The cells of one column that are not of a plain shape, by their text: what the exact rules say
 * of each, for the engine to look up. Null means that it cannot be read.
 */
export type OddCells = ReadonlyMap<string, bigint | null>

export type OddTimes = {
  read(text: string): ParsedInstant
  readonly known: OddCells
}

export function createOddTimes(zone: InputZone): OddTimes {
  const known = new Map<string, bigint | null>()
  return {
    known,
    read(text) {
      const parsed = parseInstant(text, zone)
      known.set(text, parsed.instant ?? null)
      return parsed
    },
  }
}

export type OddMoney = {
  /** `ambiguous-number` may still be read when the whole column was seen. */
  read(text: string): ParsedMoney
  /** Reads an ambiguous text again, after the last cell of the column. */
  decide(text: string): ParsedMoney
  /** A cell of the column, whatever becomes of its row: its commas tell what others mean. */
  witness(text: string): void
  readonly known: OddCells
}

export function createOddMoney(): OddMoney {
  const known = new Map<string, bigint | null>()
  const seen = { decimal: false, thousands: false }
  const read = (text: string, comma: CommaMeaning): ParsedMoney => {
    const parsed = parseMoney(text, comma)
    known.set(text, parsed.micros ?? null)
    return parsed
  }
  return {
    known,
    read: (text) => read(text, 'unknown'),
    decide(text) {
      if (seen.decimal === seen.thousands) return read(text, 'unknown')
      return read(text, seen.decimal ? 'decimal' : 'thousands')
    },
    witness(text) {
      const evidence = commaEvidence(text)
      if (evidence !== null) seen[evidence] = true
    },
  }
}
