/** Where the values of a list lie, as pairs of start and end, and where the list ends. */
export type Elements = { readonly slices: readonly number[]; readonly end: number }

/**
 * The values in the text of a JSON array. The text is known to be JSON, so only strings and nesting
 * have to be followed: one pass, and no second parser to disagree.
 * @param at of the array's opening bracket
 */
export function elementsOf(text: string, at: number): Elements {
  const slices: number[] = []
  let depth = 0
  let start = -1
  for (let i = at + 1; i < text.length; i += 1) {
    const code = text.charCodeAt(i)
    if (code <= SPACE) continue
    if (depth === 0) {
      if (code === COMMA || code === CLOSE_BRACKET) {
        if (start >= 0) slices.push(start, endBefore(text, i))
        start = -1
        if (code === CLOSE_BRACKET) return { slices, end: i + 1 }
        continue
      }
      if (start < 0) start = i
    }
    if (code === QUOTE) i = endOfString(text, i)
    // Braces and brackets are 0x5b/0x5d and 0x7b/0x7d: bit 5 apart.
    else if ((code | 0x20) === OPEN_BRACE) depth += 1
    else if ((code | 0x20) === CLOSE_BRACE) depth -= 1
  }
  throw new Error('the text of an array has no end')
}

/** What an object begins with, up to its first value. */
const HEAD = /\{"\w+":/y

/**
 * The same of `count` objects that begin with the same name, where no list is within any of them, as
 * nearly all senders write them: found by searching for what stands between two, in a tenth of the
 * time. A text cannot hold that, since its quote would end the text and no name may follow; outside
 * of texts it stands only between two objects of a list, and there is no other list. Null where the
 * objects are not so, or may not be.
 * @param at of the opening bracket of the last array in the text
 */
export function likeObjectsOf(text: string, at: number, count: number): Elements | null {
  HEAD.lastIndex = at + 1
  const head = HEAD.exec(text)?.[0]
  if (head === undefined || text.includes('[', at + 1)) return null
  const between = `},${head}`
  const slices = [at + 1]
  for (let i = text.indexOf(between, at); i >= 0; i = text.indexOf(between, i + 2)) {
    slices.push(i + 1, i + 2)
  }
  const close = text.lastIndexOf(']')
  slices.push(endBefore(text, close))
  return slices.length === count * 2 ? { slices, end: close + 1 } : null
}

/**
 * Where the value of a member of an object begins; the last one of that name, as JSON.parse has it.
 * -1 when there is none.
 * @param text of an object that is known to be JSON
 */
export function memberAt(text: string, name: string): number {
  let found = -1
  let depth = 0
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i)
    if (code === QUOTE) {
      const end = endOfString(text, i)
      if (depth === 1 && isName(text, i, end, name)) {
        const value = valueAfter(text, end + 1)
        if (value >= 0) found = value
      }
      i = end
    } else if ((code | 0x20) === OPEN_BRACE) depth += 1
    else if ((code | 0x20) === CLOSE_BRACE) depth -= 1
  }
  return found
}

const SPACE = 0x20
const QUOTE = 0x22
const COMMA = 0x2c
const COLON = 0x3a
const BACKSLASH = 0x5c
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d

/** Of the quote that ends the string which begins at `at`. */
function endOfString(text: string, at: number): number {
  for (let i = at + 1; ; i += 1) {
    const code = text.charCodeAt(i)
    if (code === QUOTE) return i
    if (code === BACKSLASH) i += 1
    if (Number.isNaN(code)) throw new Error('a string of JSON has no end')
  }
}

function endBefore(text: string, at: number): number {
  let end = at
  while (text.charCodeAt(end - 1) <= SPACE) end -= 1
  return end
}

const isName = (text: string, from: number, to: number, name: string): boolean =>
  to - from - 1 === name.length
    ? text.startsWith(name, from + 1)
    : text.slice(from, to).includes('\\') && JSON.parse(text.slice(from, to + 1)) === name

/** The start of the value when what ended before `at` was a member's name; -1 when it was a value. */
function valueAfter(text: string, at: number): number {
  let i = at
  while (text.charCodeAt(i) <= SPACE) i += 1
  if (text.charCodeAt(i) !== COLON) return -1
  i += 1
  while (text.charCodeAt(i) <= SPACE) i += 1
  return i
}
