import { Readable } from 'node:stream'

/** Where the rows of a JSON report stand: it is an array of flat objects, or has one in a field. */
export type Rows = { readonly in: 'document' | 'field'; readonly columns: readonly string[] }

/**
 * The rows of a JSON report as CSV, chunk by chunk: one of gigabytes is never in memory as a whole,
 * and each chunk keeps the event loop for about a millisecond.
 */
export const csvOf = (source: AsyncIterable<Buffer>, rows: Rows): Readable =>
  Readable.from(csvChunks(source, rows), { objectMode: false })

async function* csvChunks(source: AsyncIterable<Buffer>, { in: place, columns }: Rows) {
  const takeObjects = createObjectReader(place === 'document' ? 1 : 2)
  const decoder = new TextDecoder()
  yield Buffer.from(csvLine(columns))
  for await (const bytes of source) {
    let text = ''
    for (const object of takeObjects(decoder.decode(bytes, { stream: true }))) {
      const row = JSON.parse(object) as Readonly<Record<string, unknown>>
      text += csvLine(columns.map((name) => row[name]))
    }
    if (text !== '') yield Buffer.from(text)
  }
}

const [BACKSLASH, QUOTE, BRACKET, BRACE] = [0x5c, 0x22, 0x5b, 0x7b]
const CLOSING = new Set([0x5d, 0x7d])

/**
 * Finds the objects of the array that lies `depth` brackets deep, in text that comes in pieces. An
 * object that lies as deep within another object, as in a summary beside the rows, is none of them.
 */
function createObjectReader(depth: number): (piece: string) => string[] {
  const open: number[] = []
  let inText = false
  let escaped = false
  let begun = ''
  return (piece) => {
    const found: string[] = []
    // Where the object that is being read begins in this piece; -1 outside of one.
    let start = begun === '' ? -1 : 0
    for (let at = 0; at < piece.length; at += 1) {
      const char = piece.charCodeAt(at)
      if (inText) {
        if (escaped) escaped = false
        else if (char === BACKSLASH) escaped = true
        else if (char === QUOTE) inText = false
      } else if (char === QUOTE) inText = true
      else if (char === BRACE || char === BRACKET) {
        if (char === BRACE && open.length === depth && open.at(-1) === BRACKET) start = at
        open.push(char)
      } else if (CLOSING.has(char)) {
        open.pop()
        if (open.length === depth && start >= 0) {
          found.push(begun + piece.slice(start, at + 1))
          begun = ''
          start = -1
        }
      }
    }
    if (start >= 0) begun += piece.slice(start)
    return found
  }
}

const csvLine = (cells: readonly unknown[]): string => `${cells.map(csvCell).join(',')}\r\n`

/** A text that a spreadsheet would run as a formula is kept from it by an apostrophe. */
function csvCell(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  const text = Array.isArray(value) ? value.join(';') : String(value)
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
