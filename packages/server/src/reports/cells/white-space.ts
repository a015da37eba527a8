const WHITE_SPACE = /^\p{White_Space}$/u
const RUNS = /\p{White_Space}+/gu

/**
 * The text without Unicode white space at either end. (`String.trim` has another set: it cuts U+FEFF
 * and leaves U+0085.)
 */
export function trimmed(text: string): string {
  // Not a pattern: one that looks for the end from each inner space takes time in the square of them.
  let start = 0
  let end = text.length
  while (start < end && isWhiteSpace(text, start)) start++
  while (end > start && isWhiteSpace(text, end - 1)) end--
  return start === 0 && end === text.length ? text : text.slice(start, end)
}

/** The text with each run of Unicode white space as one space, and none at the ends. */
export function singleSpaced(text: string): string {
  return trimmed(text).replace(RUNS, ' ')
}

/** No white space lies beyond U+FFFF, so one code unit tells. */
function isWhiteSpace(text: string, at: number): boolean {
  const unit = text.charCodeAt(at)
  if (unit > 0x20 && unit < 0x7f) return false
  return WHITE_SPACE.test(text.charAt(at))
}
