/** Text that is HTML already. Everything else is escaped when it is put into {@link html}. */
export type Html = { readonly html: string }
type Piece = Html | readonly Html[] | string | number

/** Fills pieces into HTML that is written in place; what is no HTML is escaped, in attributes too. */
export function html(parts: TemplateStringsArray, ...pieces: readonly Piece[]): Html {
  let text = parts[0] ?? ''
  pieces.forEach((piece, index) => {
    text += textOf(piece) + (parts[index + 1] ?? '')
  })
  return { html: text }
}

export const NOTHING: Html = { html: '' }

function textOf(piece: Piece): string {
  if (typeof piece === 'number') return String(piece)
  if (typeof piece === 'string') return escaped(piece)
  return 'html' in piece ? piece.html : piece.map((each) => each.html).join('')
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&#34;',
}
/** Control characters are no text in HTML; a tab or a line break is. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\ufffe\uffff]/g

const escaped = (text: string): string =>
  text.replace(/[&<>"]/g, (found) => ESCAPES[found] ?? '').replace(CONTROLS, '\ufffd')

/** Characters of a name on the page, so that no name makes the page large. */
const NAME_CHARACTERS_MAX = 80
const TAIL_CHARACTERS = 23

/**
 * A name of somebody else's making: of any length, in any direction, which it cannot impose on what
 * stands around it. A long one loses its middle, since names differ at their ends.
 */
export const foreignName = (name: string): Html => html`<bdi>${shortened(name)}</bdi>`

function shortened(name: string): string {
  // A character is one or two units, so a shorter text need not be taken apart.
  if (name.length <= NAME_CHARACTERS_MAX) return name
  const characters = [...name]
  if (characters.length <= NAME_CHARACTERS_MAX) return name
  const head = characters.slice(0, NAME_CHARACTERS_MAX - TAIL_CHARACTERS - 1)
  return `${head.join('')}…${characters.slice(-TAIL_CHARACTERS).join('')}`
}
