import { trim } from './cell-text.ts'

/** Microseconds since 1970 in UTC. */
export type Instant = bigint

/** A UTC day, `YYYY-MM-DD`; days sort as text. */
export type Day = string

const DAY_MS = 86_400_000
const DATE = /^(\d{4})-(\d{2})-(\d{2})$/
const TIME =
  /^(\d{4}-\d{2}-\d{2})[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d+))?)?(?: ?(Z|z|UTC|[+-]\d{2}(?::?\d{2})?))?$/
const FIRST_INSTANT = 0n
const END_OF_2199 = BigInt(Date.UTC(2_199, 11, 31) + DAY_MS) * 1_000n

/** The instant of a time; one without a zone is in `inputZone`. `undefined`: no time of ours. */
export function readTime(cell: string, inputZone: string): Instant | undefined {
  const time = partsOf(cell)
  if (time === undefined) return undefined
  const instant = time.offset === undefined ? inZone(time, inputZone) : minus(time, time.offset)
  return instant >= FIRST_INSTANT && instant < END_OF_2199 ? instant : undefined
}

/** The day of a cell that asks for a date: a date as it stands, or the UTC day of a time. */
export function readDay(cell: string, inputZone: string): Day | undefined {
  const date = trim(cell)
  if (isDate(date)) return date >= '1970' && date < '2200' ? date : undefined
  const instant = readTime(cell, inputZone)
  return instant === undefined ? undefined : dayOf(instant)
}

export function dayOf(instant: Instant): Day {
  return new Date(Number(instant / 1_000n)).toISOString().slice(0, 10)
}

export function addDays(day: Day, count: number): Day {
  return new Date(Date.parse(`${day}T00:00:00Z`) + count * DAY_MS).toISOString().slice(0, 10)
}

/** `YYYY-MM-DDTHH:MM:SSZ`, with as many digits of a second as there are. */
export function printInstant(instant: Instant): string {
  const seconds = new Date(Number(instant / 1_000_000n) * 1_000).toISOString().slice(0, 19)
  const fraction = String(instant % 1_000_000n)
    .padStart(6, '0')
    .replace(/0+$/, '')
  return fraction === '' ? `${seconds}Z` : `${seconds}.${fraction}Z`
}

type TimeParts = {
  readonly date: Day
  readonly hour: number
  readonly minute: number
  readonly second: number
  readonly micros: number
  /** Minutes that its zone is ahead of UTC; `undefined` for a time without a zone. */
  readonly offset: number | undefined
}

function partsOf(cell: string): TimeParts | undefined {
  const parts = TIME.exec(trim(cell))
  if (parts === null) return undefined
  const [, date = '', hour = '', minute = '', second = '0', fraction = '', zone] = parts
  const offset = zone === undefined ? undefined : offsetMinutes(zone)
  const isPossible = Number(hour) <= 23 && Number(minute) <= 59 && Number(second) <= 59
  if (!isPossible || !isDate(date) || (zone !== undefined && offset === undefined)) return undefined
  // Digits past the sixth are cut, not rounded.
  const micros = Number(fraction.slice(0, 6).padEnd(6, '0'))
  return {
    date,
    hour: Number(hour),
    minute: Number(minute),
    second: Number(second),
    micros,
    offset,
  }
}

function offsetMinutes(zone: string): number | undefined {
  if (!/^[+-]/.test(zone)) return 0
  const hours = Number(zone.slice(1, 3))
  const minutes = Number(zone.slice(3).replace(':', ''))
  if (hours > 23 || minutes > 59) return undefined
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes)
}

function isDate(text: string): boolean {
  const [, year = '', month = '', day = ''] = DATE.exec(text) ?? []
  // Date.UTC takes the years below 100 for others.
  if (Number(year) < 1900) return false
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)))
  return date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day)
}

function minus(time: TimeParts, offset: number): Instant {
  const { date, hour, minute, second, micros } = time
  const ms = Date.parse(`${date}T00:00:00Z`) + ((hour * 60 + minute - offset) * 60 + second) * 1_000
  return BigInt(ms) * 1_000n + BigInt(micros)
}

function inZone(time: TimeParts, zone: string): Instant {
  if (zone === 'UTC') return minus(time, 0)
  const { date, hour, minute, second, micros } = time
  const local = Temporal.PlainDate.from(date).toPlainDateTime({ hour, minute, second })
  const instant = local.toZonedDateTime(zone, { disambiguation: 'compatible' }).toInstant()
  return BigInt(instant.epochMilliseconds) * 1_000n + BigInt(micros)
}
