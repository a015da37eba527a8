// How values are written, as SQL: the twins of what cells/ writes, for columns of millions of rows.

/** `YYYY-MM-DDTHH:MM:SSZ` of microseconds since 1970, with a fraction only if there is one. */
export const instantText = (instant: string): string =>
  `concat(make_timestamp(${instant})::DATE, 'T', make_timestamp(${instant})::TIME, 'Z')`

/** Micros that are not negative, for CSV: a plain decimal of two to six places. */
export const moneyCell = (micros: string): string =>
  `CASE WHEN ${micros} % 10000 = 0
    THEN concat(${micros} // 1000000, '.', right(concat('0', ${micros} % 1000000 // 10000), 2))
    ELSE concat(${micros} // 1000000, '.', ${fractionText(micros)}) END`

/** Micros of either sign, for JSON: a plain decimal of up to six places, no zeros at its end. */
export const moneyNumber = (micros: string): string =>
  `CASE WHEN ${micros} % 1000000 = 0 THEN (${micros} // 1000000)::VARCHAR
    ELSE concat(CASE WHEN ${micros} < 0 THEN '-' END, abs(${micros}) // 1000000, '.',
      ${fractionText(`abs(${micros})`)}) END`

const fractionText = (micros: string): string =>
  `rtrim(lpad((${micros} % 1000000)::VARCHAR, 6, '0'), '0')`

/** A text cell of CSV: an apostrophe before what a spreadsheet would run, nothing for no text. */
export const textCell = (text: string): string =>
  `CASE WHEN ascii(${text}) IN (9, 13, 43, 45, 61, 64) THEN concat('''', ${text}) ELSE nullif(${text}, '') END`

/** A text as JSON. */
export const jsonText = (text: string): string =>
  `CASE WHEN regexp_matches(${text}, '[\\x00-\\x1f"\\\\]') THEN to_json(${text})::VARCHAR
    ELSE concat('"', ${text}, '"') END`
