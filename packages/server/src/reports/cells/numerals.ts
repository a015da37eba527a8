/** Decimals of a printed ratio. */
const RATIO_DECIMALS = 10
const RATIO_SCALE = 10n ** BigInt(RATIO_DECIMALS)

/** Money for CSV: a plain decimal of two to six places. */
export function formatMicrosCsv(micros: bigint): string {
  return decimalText(micros, 6, 2)
}

/** Money for JSON: a plain decimal of at most six places, no zeros at its end. */
export function formatMicrosJson(micros: bigint): string {
  return decimalText(micros, 6, 0)
}

/**
 * A quotient as a plain decimal of at most ten places, half away from zero, no zeros at its end.
 * A denominator of zero is a fault of the caller: there is no such number in JSON.
 */
export function formatRatio(numerator: bigint, denominator: bigint): string {
  if (denominator === 0n) throw new RangeError('a ratio has no zero below the line')
  const negative = numerator < 0n !== denominator < 0n
  const doubled = magnitude(numerator) * RATIO_SCALE * 2n
  const below = magnitude(denominator)
  const rounded = (doubled + below) / (below * 2n)
  return decimalText(negative ? -rounded : rounded, RATIO_DECIMALS, 0)
}

function decimalText(scaled: bigint, places: number, placesMin: number): string {
  const digits = String(magnitude(scaled)).padStart(places + 1, '0')
  const whole = digits.slice(0, -places)
  const fraction = digits.slice(-places).replace(/0+$/, '').padEnd(placesMin, '0')
  return `${scaled < 0n ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`
}

function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value
}
