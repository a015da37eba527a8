// Nearly all cells of a real file are of a few plain shapes, which are read from their bytes: tests hold
// them to the exact rules. Whatever is none of them is no fault: it is looked at again, as text.
import { wordAt } from '../texts/texts.ts'

const ZERO = 0x30
const NINE = 0x39
const DOT = 0x2e
const COLON = 0x3a
const DASH = 0x2d
const PLUS = 0x2b
const SPACE = 0x20
const T = 0x54
const Z = 0x5a
const LETTER_N = 0x6e

const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const
const YEAR_MIN = 1971
const YEAR_MAX = 2198
/** Days since 1970 of the first of each month, from January of {@link YEAR_MIN} on. */
const MONTH_STARTS = Int32Array.from(
  { length: (YEAR_MAX - YEAR_MIN + 1) * 12 },
  (_value, month) => Date.UTC(YEAR_MIN, month, 1) / 86_400_000,
)
const DAY_SECONDS = 86_400
const SECOND = 1_000_000
/** What is no plain cell: less than any value of one. */
export const NOT_PLAIN = -1
/** Above every upper bound, and an integer: a NaN among integers costs twice the time. */
const NO_DIGITS = 10_000

/** Two digits as a number, {@link NO_DIGITS} or more when they are none. */
function twoDigits(bytes: Buffer, at: number): number {
  const tens = (bytes[at] as number) - ZERO
  const ones = (bytes[at + 1] as number) - ZERO
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : NO_DIGITS
}

/** Days since 1970 of `YYYY-MM-DD`, a day that exists, well inside the years that are accepted. */
export function plainDay(bytes: Buffer, from: number, to: number): number {
  return to - from === 10 ? dayAt(bytes, from) : NOT_PLAIN
}

function dayAt(bytes: Buffer, at: number): number {
  if (bytes[at + 4] !== DASH || bytes[at + 7] !== DASH) return NOT_PLAIN
  const year = twoDigits(bytes, at) * 100 + twoDigits(bytes, at + 2)
  const month = twoDigits(bytes, at + 5)
  const day = twoDigits(bytes, at + 8)
  if (year < YEAR_MIN || year > YEAR_MAX || month < 1 || month > 12 || day < 1) return NOT_PLAIN
  const isLeapDay = month === 2 && day === 29 && isLeapYear(year)
  if (day > (DAYS[month - 1] as number) && !isLeapDay) return NOT_PLAIN
  return (MONTH_STARTS[(year - YEAR_MIN) * 12 + month - 1] as number) + day - 1
}

const isLeapYear = (year: number): boolean =>
  year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)

/**
 * Microseconds since 1970 of `YYYY-MM-DD`, `T` or a space, `HH:MM:SS`, a fraction or none, then `Z`,
 * `±HH:MM` or, where `zoneless` allows, nothing, which is UTC.
 */
export function plainInstant(bytes: Buffer, from: number, to: number, zoneless: boolean): number {
  if (to - from < 19) return NOT_PLAIN
  const day = dayAt(bytes, from)
  const clock = clockAt(bytes, from + 10)
  if (day < 0 || clock < 0) return NOT_PLAIN
  const seconds = day * DAY_SECONDS + clock
  if (to - from === 20 && bytes[from + 19] === Z) return seconds * SECOND
  return plainEnd(bytes, from + 19, to, zoneless, seconds)
}

/** What stands behind the seconds: a fraction, and a zone. */
function plainEnd(bytes: Buffer, from: number, to: number, zoneless: boolean, seconds: number) {
  let at = from
  let micros = 0
  if (at < to && bytes[at] === DOT) {
    const fraction = at + 1
    at = endOfDigits(bytes, fraction, to)
    if (at === fraction || at - fraction > 9) return NOT_PLAIN
    for (let unit = 100_000, digit = fraction; unit >= 1 && digit < at; unit /= 10, digit += 1) {
      micros += ((bytes[digit] as number) - ZERO) * unit
    }
  }
  const isUtc = at === to ? zoneless : bytes[at] === Z && at + 1 === to
  if (isUtc) return seconds * SECOND + micros
  if (at + 6 !== to) return NOT_PLAIN
  const east = offsetAt(bytes, at)
  return east === NO_DIGITS ? NOT_PLAIN : (seconds - east * 60) * SECOND + micros
}

/** Seconds of `T` or a space and `HH:MM:SS`. */
function clockAt(bytes: Buffer, at: number): number {
  if (bytes[at] !== T && bytes[at] !== SPACE) return NOT_PLAIN
  if (bytes[at + 3] !== COLON || bytes[at + 6] !== COLON) return NOT_PLAIN
  const hour = twoDigits(bytes, at + 1)
  const minute = twoDigits(bytes, at + 4)
  const second = twoDigits(bytes, at + 7)
  if (hour > 23 || minute > 59 || second > 59) return NOT_PLAIN
  return hour * 3_600 + minute * 60 + second
}

/** Minutes east of UTC of `±HH:MM`, {@link NO_DIGITS} when it is none. */
function offsetAt(bytes: Buffer, at: number): number {
  const sign = bytes[at]
  if ((sign !== PLUS && sign !== DASH) || bytes[at + 3] !== COLON) return NO_DIGITS
  const hour = twoDigits(bytes, at + 1)
  const minute = twoDigits(bytes, at + 4)
  if (hour > 14 || minute > 59) return NO_DIGITS
  return sign === DASH ? -(hour * 60 + minute) : hour * 60 + minute
}

function endOfDigits(bytes: Buffer, from: number, to: number): number {
  let at = from
  while (at < to && isDigit(bytes[at] as number)) at += 1
  return at
}

const isDigit = (byte: number): boolean => byte >= ZERO && byte <= NINE

/** Micros of up to nine digits, and up to six decimals behind a point; more than nothing. */
export function plainIncome(bytes: Buffer, from: number, to: number): number {
  let at = from
  let whole = 0
  for (; at < to && isDigit(bytes[at] as number); at += 1) {
    whole = whole * 10 + ((bytes[at] as number) - ZERO)
    if (at - from > 8) return NOT_PLAIN
  }
  if (at === from) return NOT_PLAIN
  let micros = whole * SECOND
  if (at < to) {
    if (bytes[at] !== DOT || to - at < 2 || to - at > 7) return NOT_PLAIN
    at += 1
    for (let unit = 100_000; at < to; unit /= 10, at += 1) {
      if (!isDigit(bytes[at] as number)) return NOT_PLAIN
      micros += ((bytes[at] as number) - ZERO) * unit
    }
  }
  return micros > 0 ? micros : NOT_PLAIN
}

/**
 * Begins and ends with a visible ASCII character, so that nothing is trimmed from it, and is not one
 * of the words for nothing; may be empty.
 */
export function isPlainText(bytes: Buffer, from: number, to: number): boolean {
  const length = to - from
  if (length === 0) return true
  const first = bytes[from] as number
  if ((length === 3 || length === 4) && (first | 0x20) === LETTER_N) return false
  return isVisible(first) && isVisible(bytes[to - 1] as number)
}

const isVisible = (byte: number): boolean => byte > SPACE && byte < 0x7f

/** An ASCII text of 4 to 12 characters, by three words that cover it. */
export type ShortText = {
  readonly length: number
  readonly first: number
  readonly middle: number
  readonly last: number
}

export function shortText(text: string): ShortText {
  const bytes = Buffer.from(text)
  const { length } = bytes
  if (length < 4 || length > 12) throw new RangeError(`${text} is not 4 to 12 characters long`)
  const middle = wordAt(bytes, middleOf(length))
  return { length, first: wordAt(bytes, 0), middle, last: wordAt(bytes, length - 4) }
}

const middleOf = (length: number): number => Math.min(4, length - 4)

export function isShortText(bytes: Buffer, from: number, to: number, text: ShortText): boolean {
  return (
    to - from === text.length &&
    wordAt(bytes, from) === text.first &&
    wordAt(bytes, to - 4) === text.last &&
    wordAt(bytes, from + middleOf(text.length)) === text.middle
  )
}
