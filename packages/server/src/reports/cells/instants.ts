import { type InputZone, offsetSecondsAt } from './input-zone.ts'
import { trimmed } from './white-space.ts'

/** An instant in integer microseconds since 1970 UTC, within 1970..2199 UTC. */
export type ParsedInstant =
  | { readonly instant: bigint }
  | { readonly instant?: undefined; readonly reason: 'unreadable-time' }

/** A UTC day as days since 1970-01-01, within 1970..2199. */
export type ParsedDay =
  | { readonly day: number }
  | { readonly day?: undefined; readonly reason: 'unreadable-date' }

/**
 * The first microsecond of the year 2200. Microseconds stay exact in doubles until 2255, and a time
 * beyond is a typo.
 */
const INSTANT_END = 7_258_118_400_000_000n
const DAY_SECONDS = 86_400
const DAY_MICROS = 86_400_000_000n
const DAY_END = Number(INSTANT_END / DAY_MICROS)

const TIME = new RegExp(
  String.raw`^(\d{4})-(\d\d)-(\d\d)` + // date
    String.raw`[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?` + // time of day
    String.raw`(?: ?(Z|z|UTC|[+-]\d\d(?::?\d\d)?))?$`, // zone
)
const DAY = /^(\d{4})-(\d\d)-(\d\d)$/
const UNREADABLE_TIME = { reason: 'unreadable-time' } as const
const UNREADABLE_DATE = { reason: 'unreadable-date' } as const

/**
 * Reads `YYYY-MM-DD`, `T` or a space, `HH:MM[:SS[.f…]]`, and possibly `Z`, `z`, `UTC`, `±HH`, `±HHMM` or
 * `±HH:MM`, directly or after one space. Without one of these the time is read in `zone`. Digits
 * past the sixth of a second are cut. Leap seconds, 24:00 and dates that do not exist are unreadable.
 */
export function parseInstant(text: string, zone: InputZone): ParsedInstant {
  const found = TIME.exec(trimmed(text))
  if (found === null) return UNREADABLE_TIME
  const day = dayOf(Number(found[1]), Number(found[2]), Number(found[3]))
  const hour = Number(found[4])
  const minute = Number(found[5])
  const second = Number(found[6] ?? 0)
  if (day === undefined || hour > 23 || minute > 59 || second > 59) return UNREADABLE_TIME
  const local = day * DAY_SECONDS + hour * 3_600 + minute * 60 + second
  const written = found[8]
  const offset = written === undefined ? offsetSecondsAt(zone, local) : writtenOffset(written)
  if (offset === undefined) return UNREADABLE_TIME
  const micros = Number((found[7] ?? '').slice(0, 6).padEnd(6, '0'))
  const instant = BigInt(local - offset) * 1_000_000n + BigInt(micros)
  return instant >= 0n && instant < INSTANT_END ? { instant } : UNREADABLE_TIME
}

/** Reads `YYYY-MM-DD`, or the UTC day of anything that {@link parseInstant} reads. */
export function parseDay(text: string, zone: InputZone): ParsedDay {
  const found = DAY.exec(trimmed(text))
  if (found === null) {
    const { instant } = parseInstant(text, zone)
    return instant === undefined ? UNREADABLE_DATE : { day: dayOfInstant(instant) }
  }
  const day = dayOf(Number(found[1]), Number(found[2]), Number(found[3]))
  return day === undefined || day < 0 || day >= DAY_END ? UNREADABLE_DATE : { day }
}

/** The UTC day of an instant, as days since 1970-01-01. */
export function dayOfInstant(instant: bigint): number {
  return Number(instant / DAY_MICROS)
}

/** `YYYY-MM-DDTHH:MM:SSZ`, with a fraction only if there is one and no zeros at its end. */
export function formatInstant(instant: bigint): string {
  const seconds = instant / 1_000_000n
  const micros = instant % 1_000_000n
  const whole = new Date(Number(seconds) * 1_000).toISOString().slice(0, 19)
  if (micros === 0n) return `${whole}Z`
  return `${whole}.${String(micros).padStart(6, '0').replace(/0+$/, '')}Z`
}

/** `YYYY-MM-DD` of a day counted from 1970-01-01. */
export function formatDay(day: number): string {
  return new Date(day * DAY_SECONDS * 1_000).toISOString().slice(0, 10)
}

/** Days since 1970-01-01 (negative before), undefined for a date that does not exist. */
function dayOf(year: number, month: number, day: number): number | undefined {
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return undefined
  // Date.UTC takes the years 0 to 99 for 1900 to 1999, and none of them is readable.
  return year < 1_000 ? undefined : Date.UTC(year, month - 1, day) / (DAY_SECONDS * 1_000)
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

/** Seconds east of UTC that a cell wrote itself; undefined beyond ±23:59. */
function writtenOffset(text: string): number | undefined {
  if (text === 'Z' || text === 'z' || text === 'UTC') return 0
  const hours = Number(text.slice(1, 3))
  const minutes = Number(text.slice(3).replace(':', ''))
  if (hours > 23 || minutes > 59) return undefined
  return (text.startsWith('-') ? -1 : 1) * (hours * 3_600 + minutes * 60)
}
