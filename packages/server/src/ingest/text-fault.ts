import { DEPTH_MAX } from './canonical.ts'

/** In JSON: escapes that may stand for NUL, half of a character or a letter, and a name that is none. */
const SUSPICIOUS = /\\u(?:00(?:00|[4-7])|[dD][89a-fA-F])|__proto__/

/** Whether the JSON in `text` may have a fault of `textFault`, which looks at every value. */
export const maySeemFaulty = (text: string): boolean => SUSPICIOUS.test(text)

/**
 * JSON pointer of a text or name that not every reader of the log takes: with a NUL or a lone
 * surrogate, or a name that is the prototype of what it is put into.
 */
export function textFault(value: unknown, path = '', depth = 0): string | null {
  if (typeof value === 'string') return isClear(value) ? null : path
  if (typeof value !== 'object' || value === null) return null
  // What is deeper is refused by its fingerprint.
  if (depth > DEPTH_MAX) return null
  for (const [name, inner] of Object.entries(value)) {
    const own = `${path}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`
    if (name === '__proto__' || !isClear(name)) return own.toWellFormed()
    const fault = textFault(inner, own, depth + 1)
    if (fault !== null) return fault
  }
  return null
}

const isClear = (text: string): boolean => text.isWellFormed() && !text.includes('\0')
