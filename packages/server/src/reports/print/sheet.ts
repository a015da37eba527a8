import { formatDay } from '../cells/cells.ts'

/** Bytes that are being printed. Nothing here looks whether there is room: whoever prints has made it. */
export type Sheet = {
  bytes: Uint8Array
  /** Where the next byte goes. */
  at: number
  /** The day whose date was printed last, and that date with the T: rows in order of time ask for it again. */
  day: number
  readonly date: Uint8Array
}

export const createSheet = (bytes: number): Sheet => ({
  bytes: new Uint8Array(bytes),
  at: 0,
  day: Number.NaN,
  date: new Uint8Array('YYYY-MM-DDT'.length),
})

/** What never changes, ready to be put. */
export const ink = (text: string): Uint8Array => Buffer.from(text)

export function put(sheet: Sheet, piece: Uint8Array): void {
  const { bytes, at } = sheet
  const { length } = piece
  if (length > LOOP_MAX) bytes.set(piece, at)
  else for (let i = 0; i < length; i += 1) bytes[at + i] = piece[i] as number
  sheet.at = at + length
}

/** Up to so many bytes `set` takes longer than a loop. */
const LOOP_MAX = 32

/** Puts once more what was printed at `from` up to `to`. */
export function putAgain(sheet: Sheet, from: number, to: number): void {
  sheet.bytes.copyWithin(sheet.at, from, to)
  sheet.at += to - from
}

const ZERO = 0x30
const QUOTE = 0x22

function putByte(sheet: Sheet, byte: number): void {
  sheet.bytes[sheet.at] = byte
  sheet.at += 1
}

/** An integer below 2^31 with zeros before it. */
function putDigits(sheet: Sheet, value: number, width: number): void {
  const { bytes, at } = sheet
  let left = value
  for (let place = at + width - 1; place >= at; place -= 1) {
    const rest = (left / 10) | 0
    bytes[place] = ZERO + left - rest * 10
    left = rest
  }
  sheet.at = at + width
}

/** An integer that is not negative. */
function putInteger(sheet: Sheet, value: number): void {
  if (value > 0x7f_ff_ff_ff) {
    put(sheet, ink(String(value)))
    return
  }
  let width = 1
  for (let limit = 10; width < 10 && value >= limit; limit *= 10) width += 1
  putDigits(sheet, value, width)
}

/** A point and the millionths of a unit, without zeros at the end but at least `least` digits. */
function putFraction(sheet: Sheet, millionths: number, least: 1 | 2): void {
  putByte(sheet, 0x2e)
  putDigits(sheet, millionths, 6)
  const from = sheet.at - 6 + least
  while (sheet.at > from && sheet.bytes[sheet.at - 1] === ZERO) sheet.at -= 1
}

const DAY_MICROS = 86_400_000_000
const MILLION = 1_000_000

/** `YYYY-MM-DDTHH:MM:SSZ` of microseconds since 1970, with a fraction only if there is one. */
export function putInstant(sheet: Sheet, instant: number): void {
  const day = Math.floor(instant / DAY_MICROS)
  if (day !== sheet.day) {
    sheet.day = day
    sheet.date.set(ink(`${formatDay(day)}T`))
  }
  put(sheet, sheet.date)
  const ofDay = instant - day * DAY_MICROS
  const second = Math.floor(ofDay / MILLION)
  const micros = ofDay - second * MILLION
  const minute = (second / 60) | 0
  const hour = (minute / 60) | 0
  putPair(sheet, hour, 0x3a)
  putPair(sheet, minute - hour * 60, 0x3a)
  putPair(sheet, second - minute * 60, 0x5a)
  if (micros === 0) return
  sheet.at -= 1
  putFraction(sheet, micros, 1)
  putByte(sheet, 0x5a)
}

/** Two digits, and what stands behind them. */
function putPair(sheet: Sheet, value: number, behind: number): void {
  const { bytes, at } = sheet
  const tens = (value / 10) | 0
  bytes[at] = ZERO + tens
  bytes[at + 1] = ZERO + value - tens * 10
  bytes[at + 2] = behind
  sheet.at = at + 3
}

/** Micros that are not negative, for CSV: a plain decimal of two to six places. */
export function putMoneyCell(sheet: Sheet, micros: number): void {
  const whole = Math.floor(micros / MILLION)
  putInteger(sheet, whole)
  putFraction(sheet, micros - whole * MILLION, 2)
}

/** Micros of either sign, for JSON: a plain decimal of up to six places, no zeros at its end. */
export function putMoneyNumber(sheet: Sheet, micros: number): void {
  const size = Math.abs(micros)
  const whole = Math.floor(size / MILLION)
  if (micros < 0) putByte(sheet, 0x2d)
  putInteger(sheet, whole)
  if (size > whole * MILLION) putFraction(sheet, size - whole * MILLION, 1)
}

/** By byte: what follows the backslash in JSON; 0 for bytes that stand for themselves. */
const JSON_ESCAPES = (() => {
  const escapes = new Uint8Array(256)
  for (let byte = 0; byte < 0x80; byte += 1) {
    const [, backslash, letter = ''] = JSON.stringify(String.fromCharCode(byte))
    if (backslash === '\\') escapes[byte] = letter.charCodeAt(0)
  }
  return escapes
})()
const UNICODE = 0x75

/** The text at `from` up to `to`, in UTF-8, as JSON. It needs up to six times its room, and two. */
export function putJsonText(sheet: Sheet, text: Uint8Array, from: number, to: number): void {
  const { bytes } = sheet
  let { at } = sheet
  bytes[at++] = QUOTE
  for (let index = from; index < to; index += 1) {
    const byte = text[index] as number
    const letter = JSON_ESCAPES[byte] as number
    if (letter === 0) {
      bytes[at++] = byte
      continue
    }
    bytes[at++] = 0x5c
    bytes[at++] = letter
    if (letter !== UNICODE) continue
    sheet.at = at
    put(sheet, ink(byte.toString(16).padStart(4, '0')))
    at = sheet.at
  }
  bytes[at++] = QUOTE
  sheet.at = at
}

/** By byte: 1 what needs quotes in CSV, 2 what begins a formula in a spreadsheet, 3 both. */
const CELL_SYNTAX = (() => {
  const syntax = new Uint8Array(256)
  for (const byte of Buffer.from('",\r\n')) syntax[byte] = 1
  for (const byte of Buffer.from('\t\r=+-@')) syntax[byte] = (syntax[byte] as number) | 2
  return syntax
})()

/**
 * The text at `from` up to `to` as a cell of CSV: an apostrophe before what a spreadsheet would run,
 * quotes where they are needed. It needs up to twice its room, and three.
 */
export function putCell(sheet: Sheet, text: Uint8Array, from: number, to: number): void {
  const { bytes } = sheet
  const start = sheet.at
  let at = start
  let seen = 0
  if (to > from && (CELL_SYNTAX[text[from] as number] as number) & 2) bytes[at++] = 0x27
  for (let index = from; index < to; index += 1) {
    const byte = text[index] as number
    seen |= CELL_SYNTAX[byte] as number
    bytes[at++] = byte
  }
  sheet.at = at
  if (seen & 1) quote(sheet, start)
}

/** Puts what was printed from `start` on into quotes. */
function quote(sheet: Sheet, start: number): void {
  const cell = sheet.bytes.slice(start, sheet.at)
  sheet.at = start
  putByte(sheet, QUOTE)
  for (const byte of cell) {
    putByte(sheet, byte)
    if (byte === QUOTE) putByte(sheet, QUOTE)
  }
  putByte(sheet, QUOTE)
}
