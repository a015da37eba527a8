import { trim } from './cell-text.ts'

export type MoneyFault = 'unreadable-money' | 'ambiguous-number' | 'money-out-of-range'

/** What a comma is in a whole column; `undefined` where its cells do not say, or say both. */
export type Comma = 'decimal' | 'thousands' | undefined

/** |amount| of 10^9 and more, in micros. */
const OUT_OF_RANGE = 10n ** 15n
const MICRO_DIGITS = 6
const SPACE = '\\p{White_Space}'
const APOSTROPHES = "'\\u2019"
const SIGN = '[+\\-\\u2212]'
const SYMBOL = '(?:US\\$|R\\$|[$€£¥₹₩₽₺]|[A-Za-z]{3})'
const AMOUNT = new RegExp(
  `^(${SIGN}?)${SPACE}*(${SYMBOL}?)${SPACE}*(${SIGN}?)${SPACE}*` +
    `([0-9.,](?:[0-9.,${SPACE}${APOSTROPHES}]*[0-9])?)${SPACE}*(${SYMBOL}?)$`,
  'u',
)
const CURRENCIES: ReadonlySet<string> = new Set(Intl.supportedValuesOf('currency'))

/** What the commas of a column are, by those of its cells that can be read in one way only. */
export function commaOf(column: readonly string[]): Comma {
  const readings = column.map((cell) => shapeOf(cell)?.comma)
  const isDecimal = readings.includes('decimal')
  const isThousands = readings.includes('thousands')
  if (isDecimal === isThousands) return undefined
  return isDecimal ? 'decimal' : 'thousands'
}

/** Micros of a cell, or why it has none. */
export function readMoney(cell: string, comma: Comma): bigint | MoneyFault {
  const shape = shapeOf(cell)
  if (shape === undefined) return 'unreadable-money'
  if (shape.comma !== 'either') return inRange(shape.sign, shape.whole, shape.fraction)
  const { sign, whole, fraction } = shape
  if (comma === undefined) return 'ambiguous-number'
  if (comma === 'decimal') return inRange(sign, whole, fraction)
  return isGrouped([whole, fraction]) ? inRange(sign, whole + fraction, '') : 'unreadable-money'
}

type Shape = {
  readonly sign: bigint
  readonly whole: string
  readonly fraction: string
  /** `either`: the number is one comma with three digits behind it. */
  readonly comma: Comma | 'either'
}

function shapeOf(cell: string): Shape | undefined {
  const parts = AMOUNT.exec(trim(cell))
  if (parts === null) return undefined
  const [, sign1 = '', symbol1 = '', sign2 = '', number = '', symbol2 = ''] = parts
  const symbol = symbol1 + symbol2
  if (sign1 !== '' && sign2 !== '') return undefined
  if (symbol1 !== '' && symbol2 !== '') return undefined
  if (/^[A-Za-z]{3}$/.test(symbol) && !CURRENCIES.has(symbol.toUpperCase())) return undefined
  const digits = numberShape(number)
  const isNegative = sign1 + sign2 !== '' && sign1 + sign2 !== '+'
  return digits === undefined ? undefined : { ...digits, sign: isNegative ? -1n : 1n }
}

function numberShape(number: string): Omit<Shape, 'sign'> | undefined {
  // All spaces are one kind of separator, and so are both apostrophes.
  const plain = number
    .replace(new RegExp(SPACE, 'gu'), ' ')
    .replace(new RegExp(`[${APOSTROPHES}]`, 'gu'), "'")
  const separators = [...plain.replace(/[0-9]/g, '')]
  const groups = plain.split(/[., ']/)
  // Nothing may stand before the only separator: `.99`.
  if (groups.slice(groups.length === 2 ? 1 : 0).includes('')) return undefined
  const kinds = new Set(separators)
  if (kinds.size === 0) return { whole: plain, fraction: '', comma: undefined }
  if (kinds.size > 2) return undefined
  const last = separators.at(-1) ?? ''
  if (kinds.size === 1 && (separators.length > 1 || last === ' ' || last === "'")) {
    if (!isGrouped(groups)) return undefined
    const comma = last === ',' ? 'thousands' : undefined
    return { whole: groups.join(''), fraction: '', comma }
  }
  return decimalShape(groups, separators)
}

/** One separator, or several of which the last is of a kind of its own: the decimal sign. */
function decimalShape(
  groups: readonly string[],
  separators: readonly string[],
): Omit<Shape, 'sign'> | undefined {
  const decimal = separators.at(-1) ?? ''
  const grouping = separators.slice(0, -1)
  const fraction = groups.at(-1) ?? ''
  const wholeGroups = groups.slice(0, -1)
  if ((decimal !== '.' && decimal !== ',') || grouping.includes(decimal)) return undefined
  if (grouping.length > 0 && !isGrouped(wholeGroups)) return undefined
  const whole = wholeGroups.join('')
  if (decimal === ',') {
    const isEither = grouping.length === 0 && fraction.length === 3
    return { whole, fraction, comma: isEither ? 'either' : 'decimal' }
  }
  return { whole, fraction, comma: grouping.includes(',') ? 'thousands' : undefined }
}

/** A grouped number begins with one to three digits, the first not 0, and goes on by threes. */
function isGrouped(groups: readonly string[]): boolean {
  const [first = '', ...rest] = groups
  return /^[1-9][0-9]{0,2}$/.test(first) && rest.every((group) => group.length === 3)
}

/** Half away from zero at the seventh decimal. */
function inRange(sign: bigint, whole: string, fraction: string): bigint | MoneyFault {
  const kept = fraction.slice(0, MICRO_DIGITS).padEnd(MICRO_DIGITS, '0')
  const roundsUp = (fraction[MICRO_DIGITS] ?? '0') >= '5'
  const micros = BigInt(whole + kept) + (roundsUp ? 1n : 0n)
  return micros >= OUT_OF_RANGE ? 'money-out-of-range' : sign * micros
}
