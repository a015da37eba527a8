import {
  type CommaMeaning,
  commaEvidence,
  type InputZone,
  type ParsedMoney,
  parseDay,
  parseInstant,
  parseMoney,
  present,
} from '../cells/cells.ts'
import { isPlainDay, isPlainIncome, isPlainTime } from './common-shapes.ts'
import { isUtc } from './settings.ts'

/**
 * The cells of one column that are not of a plain shape, by their text: what the exact rules say
 * of each, for the engine to look up. Null means that it cannot be read.
 */
export type OddCells = ReadonlyMap<string, bigint | null>

/**
 * The ids of a file that have white space around them or are a word for nothing, by their text as
 * read: the id, or null for none.
 */
export type OddIds = ReadonlyMap<string, string | null>

/** Notes the texts that are no ids as they stand. */
export function noteOddIds(known: Map<string, string | null>, texts: readonly string[]): void {
  for (const text of texts) {
    const id = present(text)
    if (id !== text) known.set(text, id === '' ? null : id)
  }
}

export type OddTimes = {
  read(
    text: string,
  ): { readonly instant: bigint } | { readonly instant?: undefined; readonly reason: string }
  readonly known: OddCells
}

export function createOddTimes(zone: InputZone): OddTimes {
  const zoneless = isUtc(zone)
  const { known, note } = createOddCells((bytes, from, to) =>
    isPlainTime(bytes, from, to, zoneless),
  )
  return {
    known,
    read(text) {
      const parsed = parseInstant(text, zone)
      note(text, parsed.instant ?? null)
      return parsed
    },
  }
}

const DAY_MICROS = 86_400_000_000n

/** Of a column of days; each is the instant of its midnight. */
export function createOddDays(zone: InputZone): OddTimes {
  const { known, note } = createOddCells(isPlainDay)
  return {
    known,
    read(text) {
      const { day } = parseDay(text, zone)
      const instant = day === undefined ? null : BigInt(day) * DAY_MICROS
      note(text, instant)
      return instant === null ? { reason: 'unreadable-date' } : { instant }
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
  const { known, note } = createOddCells(isPlainIncome)
  const seen = { decimal: false, thousands: false }
  const read = (text: string, comma: CommaMeaning): ParsedMoney => {
    const parsed = parseMoney(text, comma)
    note(text, parsed.micros ?? null)
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

/** Longer than any plain cell. */
const PLAIN_LENGTH_MAX = 40

/**
 * Plain cells of rows that are odd in another cell are not noted: the engine reads them itself, and
 * all times of a file of millions of rows would be too many to hold.
 */
function createOddCells(isPlain: (bytes: Buffer, from: number, to: number) => boolean): {
  readonly known: OddCells
  note(text: string, meaning: bigint | null): void
} {
  const known = new Map<string, bigint | null>()
  const bytes = Buffer.alloc(PLAIN_LENGTH_MAX * 3)
  return {
    known,
    note(text, meaning) {
      if (text.length <= PLAIN_LENGTH_MAX && isPlain(bytes, 0, bytes.write(text))) return
      known.set(text, meaning)
    },
  }
}
