import { text } from '../engine/engine.ts'

/** `YYYY-MM-DDTHH:MM:SSZ` of microseconds since 1970, with a fraction only if there is one. */
export const instantText = (instant: string): string =>
  `concat(make_timestamp(${instant})::DATE, 'T', make_timestamp(${instant})::TIME, 'Z')`

/** Micros that are not negative, for CSV: a plain decimal of two to six places. */
export const moneyCell = (micros: string): string =>
  `CASE WHEN ${micros} % 10000 = 0 THEN ${decimal(micros, 2)}
    ELSE concat(${micros} // 1000000, '.', ${fractionText(micros)}) END`

/** Micros of either sign, for JSON: a plain decimal of up to six places, no zeros at its end. */
export const moneyNumber = (micros: string): string =>
  `CASE WHEN ${micros} % 1000000 = 0 THEN (${micros} // 1000000)::VARCHAR
    WHEN ${micros} % 100000 = 0 THEN ${decimal(micros, 1)}
    WHEN ${micros} % 10000 = 0 THEN ${decimal(micros, 2)}
    ELSE concat(CASE WHEN ${micros} < 0 THEN '-' END, abs(${micros}) // 1000000, '.',
      ${fractionText(`abs(${micros})`)}) END`

/** All `places` decimals of micros that have no more. */
const decimal = (micros: string, places: 1 | 2): string => {
  const whole = `(${micros} // ${10 ** (6 - places)})::DECIMAL(${12 + places}, 0)`
  return `(${whole} * ${places === 1 ? '0.1' : '0.01'})::VARCHAR`
}

const fractionText = (micros: string): string =>
  `rtrim(lpad((${micros} % 1000000)::VARCHAR, 6, '0'), '0')`

/** What begins a formula in a spreadsheet: tab, CR, `+ - = @`. */
const FORMULA = [9, 13, 43, 45, 61, 64]

/**
 * A text of others as a cell of CSV: an apostrophe before what a spreadsheet would run, quotes where
 * they are needed.
 */
export function textCell(cell: string): string {
  const isFormula = `ascii(${cell}) IN (${FORMULA})`
  const safe = `CASE WHEN ${isFormula} THEN concat('''', ${cell}) ELSE ${cell} END`
  const hasSyntax = ['"', ',', '\n', '\r'].map((syntax) => `contains(${cell}, ${text(syntax)})`)
  return `CASE WHEN ${hasSyntax.join(' OR ')} THEN concat('"', replace(${safe}, '"', '""'), '"')
    WHEN ${isFormula} THEN concat('''', ${cell}) ELSE ${cell} END`
}

/** A text as JSON. */
export const jsonText = (cell: string): string => `to_json(${cell})::VARCHAR`
