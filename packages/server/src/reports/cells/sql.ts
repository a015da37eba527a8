import type { InputZone } from './input-zone.ts'

/**
 * SQL twin of `parseInstant` for DuckDB with TimeZone UTC: BIGINT microseconds for the common
 * shapes, NULL for every other text (readable or not), which then goes through `parseInstant`.
 *
 * Casts alone read too much: 24:00, single digits, spaces in odd places. For the two commonest
 * shapes it costs least to print what was read and compare (1 M rows on one thread: 0.11 to 0.15 s,
 * where a pattern and a cast take 0.23); the others go through a pattern.
 */
export function instantSql(column: string, zone: InputZone): string {
  const read = `try_cast(${column} AS TIMESTAMP)`
  // Reading these ignores the zone, which is Z or absent.
  const utc = `epoch_us(${read})`
  return [
    // The edges of the readable years are left to parseInstant, so that no offset leads across.
    `CASE WHEN ${column} < '1970-01-02' OR ${column} >= '9999-12-31' THEN NULL`,
    `WHEN ${column} LIKE '____-__-__T__:__:__Z'`,
    `AND strftime(${read}, '%Y-%m-%dT%H:%M:%SZ') = ${column} THEN ${utc}`,
    `WHEN ${column} LIKE '____-__-__ %' AND ${read}::VARCHAR = ${column}`,
    `THEN ${inZone(utc, zone)}`,
    `WHEN regexp_full_match(${column}, '${TIME}') THEN CASE`,
    // Only with an offset: a cast to TIMESTAMPTZ takes three times as long where there is none.
    `WHEN ${column} LIKE '%+%' OR ${column} LIKE '___________%-%'`,
    `THEN epoch_us(try_cast(${column} AS TIMESTAMPTZ))`,
    `WHEN ${column} LIKE '%Z' THEN ${utc} ELSE ${inZone(utc, zone)} END END`,
  ].join(' ')
}

const TIME =
  String.raw`\d{4}-\d\d-\d\d[T ]([01]\d|2[0-3]):\d\d:\d\d(\.\d{1,9})?` +
  String.raw`(Z|[+-]([01]\d|2[0-3])(:[0-5]\d)?)?`

/** A zone whose offset changes is left to parseInstant. */
function inZone(utc: string, zone: InputZone): string {
  if (zone.fixedOffsetSeconds === undefined) return 'NULL'
  return zone.fixedOffsetSeconds === 0 ? utc : `${utc} - ${zone.fixedOffsetSeconds * 1_000_000}`
}

/**
 * SQL twin of `parseMoney`: BIGINT micros for `-?\d{1,12}(\.\d{1,6})?`, NULL for every other text.
 * Neither depends on what a lone comma means. The pattern is needed: a cast reads `1_000`, `1e3` and
 * ` 12 `. Multiplying a DECIMAL(18,6) fails from 10^6 on, and a wider one takes ten times as long.
 */
export function microsSql(column: string): string {
  const upTo = (digits: number): string =>
    String.raw`regexp_full_match(${column}, '-?\d{1,${digits}}(\.\d{1,6})?')`
  return [
    // Below 10^15 micros a double is at most 1/8 off, twice (read, multiplied): rounding is exact.
    `CASE WHEN ${upTo(9)} THEN (try_cast(${column} AS DOUBLE) * 1e6)::BIGINT`,
    // An exponent is applied to the digits, in integers; half as fast.
    `WHEN ${upTo(12)} THEN try_cast(${column} || 'e6' AS BIGINT) END`,
  ].join(' ')
}
