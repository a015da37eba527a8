import type { Fraction } from '../anomaly/anomaly.ts'
import { formatMicrosJson, formatRatio } from '../cells/cells.ts'
import { type Html, html } from './html.ts'

// Each number is printed twice: rounded for people, and exactly, as the JSON reports print it, in the
// `value` of its element, whose `data-of` says which number it is.

/** Dollars of integer micros. */
export const money = (of: string, micros: bigint): Html =>
  datum(of, formatMicrosJson(micros), dollars(micros))

export const count = (of: string, value: number): Html =>
  datum(of, String(value), grouped(String(value)))

/** A quotient, null where there is none. */
export const ratio = (of: string, value: Fraction | null, places = 2): Html =>
  value === null ? datum(of, 'null', '–') : datum(of, formatRatio(...value), decimal(value, places))

/** A share of a whole, in percent. */
export const share = (of: string, value: Fraction | null, places = 1): Html =>
  value === null ? datum(of, 'null', '–') : datum(of, formatRatio(...value), percent(value, places))

/** A value under its name, and what people read for it. */
export const datum = (of: string, value: string, shown: string): Html =>
  html`<data data-of="${of}" value="${value}">${shown}</data>`

/** Dollars with two decimals. */
export const dollars = (micros: bigint): string => decimal([micros, 1_000_000n], 2)

/** A quotient in percent. */
export const percent = ([above, below]: Fraction, places: number): string =>
  `${decimal([above * 100n, below], places)}%`

/** A quotient with so many decimals, half away from zero; what is below the line is positive. */
export function decimal([above, below]: Fraction, places: number): string {
  const magnitude = above < 0n ? -above : above
  const scaled = (2n * magnitude * 10n ** BigInt(places) + below) / (2n * below)
  const digits = String(scaled).padStart(places + 1, '0')
  const whole = grouped(digits.slice(0, digits.length - places))
  const fraction = places === 0 ? '' : `.${digits.slice(-places)}`
  return `${above < 0n && scaled > 0n ? '−' : ''}${whole}${fraction}`
}

const grouped = (digits: string): string => digits.replace(/\B(?=(?:\d{3})+$)/g, ',')

export const plural = (value: number, noun: string): string => (value === 1 ? noun : `${noun}s`)
