/** What foreign files write for "nothing": blank, `null` and `N/A` mean the same in every column. */
const NOTHING: readonly string[] = ['', 'null', 'n/a']

/** Without Unicode white space at both ends. */
export function trim(cell: string): string {
  return cell.replace(/^\p{White_Space}+|\p{White_Space}+$/gu, '')
}

/** The form in which status and event names are compared. */
export function fold(cell: string): string {
  return trim(cell).toLowerCase()
}

/** An id: trimmed text with its case kept, empty when there is none. */
export function idOf(cell: string): string {
  return isNothing(cell) ? '' : trim(cell)
}

/** The name under which all spellings of a campaign are summed, `(NONE)` when there is none. */
export function campaignKeyOf(cell: string): string {
  if (isNothing(cell)) return '(NONE)'
  const folded = trim(cell.normalize('NFC').replace(/\p{White_Space}+/gu, ' '))
  return [...folded].map(simpleUpper).join('')
}

/** Orders text by code point, which is the order of its UTF-8 bytes. */
export function byCodePoint(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}

function isNothing(cell: string): boolean {
  return NOTHING.includes(fold(cell))
}

/**
 * One code point becomes one: where the full mapping makes several (`ß` to `SS`, `ᾳ` to `ΑΙ`), the
 * capital is the code point whose small letter this is (`ẞ`, `ᾼ`), or there is none.
 */
function simpleUpper(letter: string): string {
  const upper = letter.toUpperCase()
  if ([...upper].length === 1) return upper
  return CAPITALS_OF_SPECIAL_LETTERS.get(letter) ?? letter
}

const CAPITALS_OF_SPECIAL_LETTERS: ReadonlyMap<string, string> = new Map(
  Array.from({ length: 0x200 }, (_, at) => String.fromCodePoint(0x1e00 + at))
    .filter((capital) => [...capital.toLowerCase()].length === 1)
    .map((capital) => [capital.toLowerCase(), capital] as const)
    .filter(([small, capital]) => small !== capital && [...small.toUpperCase()].length > 1),
)
