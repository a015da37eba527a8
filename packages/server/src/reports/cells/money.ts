import { trimmed } from './white-space.ts'

/** What a lone comma before exactly three digits means in this column. */
export type CommaMeaning = 'decimal' | 'thousands' | 'unknown'

/** Integer millionths, of an amount below 10^9 in magnitude. */
export type ParsedMoney =
  | { readonly micros: bigint }
  | { readonly micros?: undefined; readonly reason: MoneyReason }
export type MoneyReason = 'unreadable-money' | 'ambiguous-number' | 'money-out-of-range'

/** A billion: micros stay exact in doubles up to nine, and a purchase or a day's cost beyond is a typo. */
const MICROS_END = 1_000_000_000_000_000n
const UNREADABLE = { reason: 'unreadable-money' } as const
const AMBIGUOUS = { reason: 'ambiguous-number' } as const
const OUT_OF_RANGE = { reason: 'money-out-of-range' } as const

/**
 * Reads an amount: an optional sign (ASCII or U+2212), an optional currency sign or ISO 4217 code
 * before or after, digits with grouping. Of two kinds of separator the last is the decimal one.
 * Brackets, exponents, NaN, infinities and words are unreadable. Rounds half away from zero at the
 * seventh decimal.
 */
export function parseMoney(text: string, comma: CommaMeaning): ParsedMoney {
  const plain = PLAIN.exec(text)
  if (plain !== null) return amountOf(plain[1] === '-', plain[2] ?? '', plain[3] ?? '')
  const found = withoutCurrency(trimmed(text))
  const number = found && numberIn(found.digits)
  if (!found || !number) return UNREADABLE
  if (number.kind === 'plain') return amountOf(found.negative, number.whole, number.fraction)
  if (comma === 'unknown') return AMBIGUOUS
  if (comma === 'decimal') return amountOf(found.negative, number.before, number.after)
  return isGrouped([number.before, number.after])
    ? amountOf(found.negative, number.before + number.after, '')
    : UNREADABLE
}

/** What the commas of a cell can only mean; null if it has none, or they could mean either. */
export function commaEvidence(text: string): 'decimal' | 'thousands' | null {
  if (!text.includes(',')) return null
  const found = withoutCurrency(trimmed(text))
  const number = found && numberIn(found.digits)
  return number?.kind === 'plain' ? number.comma : null
}

/** Nearly every cell. */
const PLAIN = /^(-?)(\d+)(?:\.(\d+))?$/
const SIGN = /^[+\-\u2212]/
const CURRENCY = String.raw`US\$|R\$|[$€£¥₹₩₽₺]|[A-Za-z]{3}`
const CURRENCY_BEFORE = new RegExp(`^(?:${CURRENCY})`)
const CURRENCY_AFTER = new RegExp(`(?:${CURRENCY})$`)
const LETTERS = /^[A-Za-z]/
const ISO_CODES: ReadonlySet<string> = new Set(Intl.supportedValuesOf('currency'))

/** Takes the sign and the currency off, each at most once; undefined if a code is none. */
function withoutCurrency(
  text: string,
): { readonly negative: boolean; readonly digits: string } | undefined {
  let sign = SIGN.exec(text)?.[0]
  let rest = trimmed(text.slice(sign?.length ?? 0))
  let currency = CURRENCY_BEFORE.exec(rest)?.[0]
  if (currency !== undefined) {
    rest = trimmed(rest.slice(currency.length))
    const inner = sign === undefined ? SIGN.exec(rest)?.[0] : undefined
    if (inner !== undefined) rest = trimmed(rest.slice(inner.length))
    sign ??= inner
  } else {
    currency = CURRENCY_AFTER.exec(rest)?.[0]
    if (currency !== undefined) rest = trimmed(rest.slice(0, -currency.length))
  }
  const known =
    currency === undefined || !LETTERS.test(currency.slice(0, 3)) || isCurrency(currency)
  return known ? { negative: sign === '-' || sign === '\u2212', digits: rest } : undefined
}

function isCurrency(text: string): boolean {
  return text.endsWith('$') || ISO_CODES.has(text.toUpperCase())
}

type Separator = '.' | ',' | ' ' | "'"
type Numeral =
  | {
      readonly kind: 'plain'
      readonly whole: string
      readonly fraction: string
      readonly comma: 'decimal' | 'thousands' | null
    }
  | { readonly kind: 'ambiguous'; readonly before: string; readonly after: string }

const SEPARATORS = /[.,'\u2019]|\p{White_Space}/u
const ALL_SEPARATORS = new RegExp(SEPARATORS, 'gu')
const DIGITS_ONLY = /^\d+$/

/** The digits before and after the decimal separator; undefined if the text is no number. */
function numberIn(text: string): Numeral | undefined {
  const groups = text.split(SEPARATORS)
  const separators = Array.from(text.matchAll(ALL_SEPARATORS), ([found]) => separatorKind(found))
  const last = separators.at(-1)
  const after = groups.at(-1) ?? ''
  const before = groups[0] ?? ''
  if (last === undefined) return DIGITS_ONLY.test(text) ? plain([text], '', undefined) : undefined
  if (!groups.slice(1).every((group) => DIGITS_ONLY.test(group))) return undefined
  if (!(before === '' || DIGITS_ONLY.test(before))) return undefined
  if (separators.length === 1 && last === ',' && after.length === 3)
    return { kind: 'ambiguous', before, after }
  const group = separators[0]
  const isDecimal = separators.length === 1 ? last === '.' || last === ',' : last !== group
  if (!isDecimal) return allAre(separators, last) ? plain(groups, '', last) : undefined
  if (last !== '.' && last !== ',') return undefined
  if (!allAre(separators.slice(0, -1), group)) return undefined
  return plain(groups.slice(0, -1), after, separators.length === 1 ? undefined : group, last)
}

function plain(
  groups: readonly string[],
  fraction: string,
  group: Separator | undefined,
  decimal?: Separator,
): Numeral | undefined {
  if (groups.length > 1 && !isGrouped(groups)) return undefined
  const comma = decimal === ',' ? 'decimal' : group === ',' ? 'thousands' : null
  return { kind: 'plain', whole: groups.join(''), fraction, comma }
}

/** Groups of three, after one of one to three digits that has no zero in front. */
function isGrouped([first = '', ...rest]: readonly string[]): boolean {
  return /^[1-9]\d{0,2}$/.test(first) && rest.every((group) => group.length === 3)
}

function allAre(separators: readonly Separator[], kind: Separator | undefined): boolean {
  return separators.every((separator) => separator === kind)
}

function separatorKind(character: string): Separator {
  if (character === '.' || character === ',') return character
  return character === "'" || character === '\u2019' ? "'" : ' '
}

function amountOf(negative: boolean, whole: string, fraction: string): ParsedMoney {
  // A cell may hold a million digits, and BigInt takes time in the square of their number.
  const digits = whole.replace(/^0+/, '')
  if (digits.length > 12) return OUT_OF_RANGE
  const kept = BigInt(digits + fraction.slice(0, 6).padEnd(6, '0'))
  const micros = (fraction[6] ?? '0') >= '5' ? kept + 1n : kept
  if (micros >= MICROS_END) return OUT_OF_RANGE
  return { micros: negative ? -micros : micros }
}
