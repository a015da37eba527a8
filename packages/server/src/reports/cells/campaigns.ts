import { singleSpaced, trimmed } from './white-space.ts'

/** The key of rows that name no campaign. */
export const NO_CAMPAIGN = '(NONE)'

/**
 * What makes two campaign names the same campaign: NFC, white space folded to one space and
 * trimmed, upper case one code point at a time; {@link NO_CAMPAIGN} when nothing is left.
 */
export function campaignKey(text: string): string {
  const folded = singleSpaced(text.normalize('NFC'))
  if (folded === '') return NO_CAMPAIGN
  return ASCII.test(folded) ? folded.toUpperCase() : Array.from(folded, simpleUpper).join('')
}

/** A status or an event name as it is compared: trimmed and in lower case. */
export function foldName(text: string): string {
  return trimmed(text).toLowerCase()
}

const ASCII = /^[\0-\x7f]*$/

/**
 * Ranges of code points whose upper case is not the one that JavaScript gives: first, last, and
 * what is added. JavaScript maps fully (ß is SS, ᾳ is ΑΙ) and by the Unicode of its ICU; the engine
 * of the reports maps one to one by an older Unicode, in which the letters with 0 have no case. A
 * test compares every code point with the engine, so an upgrade of either side shows here.
 */
const EXCEPTIONS: readonly (readonly [number, number, number])[] = [
  [0xdf, 0xdf, 0x1e9e - 0xdf],
  [0x19b, 0x19b, 0],
  [0x264, 0x264, 0],
  [0x1c8a, 0x1c8a, 0],
  [0x1f80, 0x1f87, 8],
  [0x1f90, 0x1f97, 8],
  [0x1fa0, 0x1fa7, 8],
  [0x1fb3, 0x1fb3, 9],
  [0x1fc3, 0x1fc3, 9],
  [0x1ff3, 0x1ff3, 9],
  [0xa7cd, 0xa7cd, 0],
  [0xa7cf, 0xa7cf, 0],
  [0xa7d3, 0xa7d3, 0],
  [0xa7d5, 0xa7d5, 0],
  [0xa7db, 0xa7db, 0],
  [0x10d70, 0x10d85, 0],
  [0x16ebb, 0x16ed3, 0],
]

function simpleUpper(character: string): string {
  const point = character.codePointAt(0) ?? 0
  const exception = EXCEPTIONS.find(([first, last]) => point >= first && point <= last)
  if (exception !== undefined) return String.fromCodePoint(point + exception[2])
  const upper = character.toUpperCase()
  const isOne = upper.length === 1 || (upper.length === 2 && (upper.codePointAt(0) ?? 0) > 0xffff)
  return isOne ? upper : character
}
