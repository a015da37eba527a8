/** An exact number; the denominator is positive. */
export type Fraction = { readonly numerator: bigint; readonly denominator: bigint }

export const sum = (amounts: readonly bigint[]): bigint => amounts.reduce((a, b) => a + b, 0n)

export function add(a: Fraction, b: Fraction): Fraction {
  return {
    numerator: a.numerator * b.denominator + b.numerator * a.denominator,
    denominator: a.denominator * b.denominator,
  }
}

/** The nearest integer, half away from zero; the denominator is positive. */
export function roundedQuotient(numerator: bigint, denominator: bigint): bigint {
  const magnitude = numerator < 0n ? -numerator : numerator
  const rounded = (2n * magnitude + denominator) / (2n * denominator)
  return numerator < 0n ? -rounded : rounded
}

/** Micros of a dollar as a plain decimal: as short as can be, but of at least `digitsMin` places. */
export function printMicros(micros: bigint, digitsMin = 0): string {
  return printDecimal(micros, 6, digitsMin)
}

/** Up to ten decimals, half away from zero. */
export function printFraction({ numerator, denominator }: Fraction): string {
  return printDecimal(roundedQuotient(numerator * 10n ** 10n, denominator), 10, 0)
}

/** `units` of 10^-places as a plain decimal. */
export function printDecimal(units: bigint, places: number, digitsMin: number): string {
  const digits = String(units < 0n ? -units : units).padStart(places + 1, '0')
  const whole = digits.slice(0, -places)
  const fraction = digits.slice(-places).replace(/0+$/, '').padEnd(digitsMin, '0')
  return `${units < 0n ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`
}
