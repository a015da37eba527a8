// Nearly all cells of a real file are of a few plain shapes, which can be told from their bytes.
// Whatever is none of them is no fault: it is looked at again, as text, by the exact rules.

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
/** Above every upper bound, and an integer: a NaN among integers costs twice the time. */
const NO_DIGITS = 10_000

/** Two digits as a number, {@link NO_DIGITS} or more when they are none. */
function twoDigits(bytes: Buffer, at: number): number {
  const tens = (bytes[at] as number) - ZERO
  const ones = (bytes[at + 1] as number) - ZERO
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : NO_DIGITS
}

/** `YYYY-MM-DD` of a day that exists, well inside the years that are accepted. */
export function isPlainDay(bytes: Buffer, from: number, to: number): boolean {
  return to - from === 10 && startsWithDay(bytes, from)
}

function startsWithDay(bytes: Buffer, at: number): boolean {
  if (bytes[at + 4] !== DASH || bytes[at + 7] !== DASH) return false
  const year = twoDigits(bytes, at) * 100 + twoDigits(bytes, at + 2)
  const month = twoDigits(bytes, at + 5)
  const day = twoDigits(bytes, at + 8)
  if (year < 1971 || year > 2198 || month < 1 || month > 12 || day < 1) return false
  if (month === 2 && day === 29) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  return day <= (DAYS[month - 1] as number)
}

/**
 * `YYYY-MM-DD`, `T` or a space, `HH:MM:SS`, a fraction or none, then `Z`, `±HH:MM` or, where
 * `zoneless` allows, nothing: what DuckDB casts to the same instant as the exact rules do.
 */
export function isPlainTime(bytes: Buffer, from: number, to: number, zoneless: boolean): boolean {
  if (to - from < 19 || !startsWithDay(bytes, from)) return false
  const separator = bytes[from + 10]
  if (separator !== T && separator !== SPACE) return false
  if (!isPlainClock(bytes, from + 11)) return false
  let at = from + 19
  if (at < to && bytes[at] === DOT) {
    const fraction = at + 1
    at = endOfDigits(bytes, fraction, to)
    if (at === fraction || at - fraction > 9) return false
  }
  if (at === to) return zoneless
  if (bytes[at] === Z) return at + 1 === to
  return at + 6 === to && isPlainOffset(bytes, at)
}

function isPlainClock(bytes: Buffer, at: number): boolean {
  return (
    bytes[at + 2] === COLON &&
    bytes[at + 5] === COLON &&
    twoDigits(bytes, at) <= 23 &&
    twoDigits(bytes, at + 3) <= 59 &&
    twoDigits(bytes, at + 6) <= 59
  )
}

function isPlainOffset(bytes: Buffer, at: number): boolean {
  const sign = bytes[at]
  return (
    (sign === PLUS || sign === DASH) &&
    bytes[at + 3] === COLON &&
    twoDigits(bytes, at + 1) <= 14 &&
    twoDigits(bytes, at + 4) <= 59
  )
}

function endOfDigits(bytes: Buffer, from: number, to: number): number {
  let at = from
  while (at < to && isDigit(bytes[at] as number)) at += 1
  return at
}

const isDigit = (byte: number): boolean => byte >= ZERO && byte <= NINE

/** Up to nine digits, and up to six decimals behind a point; more than nothing. */
export function isPlainIncome(bytes: Buffer, from: number, to: number): boolean {
  let at = from
  let digits = ZERO
  for (; at < to && isDigit(bytes[at] as number); at += 1) digits |= bytes[at] as number
  if (at === from || at - from > 9) return false
  if (at < to) {
    const point = at
    if (bytes[point] !== DOT) return false
    for (at += 1; at < to && isDigit(bytes[at] as number); at += 1) digits |= bytes[at] as number
    if (at !== to || at - point < 2 || at - point > 7) return false
  }
  return digits !== ZERO
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

/** Four bytes as one number: comparing and hashing them at once takes half the time. */
export function wordAt(bytes: Buffer, at: number): number {
  const low = (bytes[at] as number) | ((bytes[at + 1] as number) << 8)
  return low | ((bytes[at + 2] as number) << 16) | ((bytes[at + 3] as number) << 24)
}

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
