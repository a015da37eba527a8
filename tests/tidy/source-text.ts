export type Comment = { readonly text: string; readonly line: number }

export type SourceText = {
  /**
   * The source with comments and the insides of strings, templates and regular expressions turned
   * into blanks: same length, same lines. What a rule finds here is code and never a quotation.
   */
  readonly code: string
  /** One per line of comment. */
  readonly comments: readonly Comment[]
}

const PLAIN = /[^'"`/{}]+/y
const COMMENT = /\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/y
const QUOTED = /'(?:\\[\s\S]|[^'\\\n])*'?|"(?:\\[\s\S]|[^"\\\n])*"?/y
/** From the opening backtick, or from the brace that closes `${…}`, to the next of their kind. */
const TEMPLATE = /[`}](?:\\[\s\S]|\$(?!\{)|[^`\\$])*(?:`|\$\{|$)/y
const REGEX = /\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/[a-z]*/y
/** After these a slash begins a regular expression; after a value it divides. */
const BEFORE_REGEX = /(?:^|[(,=:[!&|?;+*%~^>{-]|\b(?:return|typeof|case|in|of|void|throw|else))\s*$/

/** Splits TypeScript into code, comments and quotations. TypeScript 7 has no parser for JavaScript. */
export function readSource(source: string): SourceText {
  const comments: Comment[] = []
  const templates = openTemplates()
  let code = ''
  const take = (pattern: RegExp): string => {
    pattern.lastIndex = code.length
    return pattern.exec(source)?.[0] ?? ''
  }
  while (code.length < source.length) {
    const plain = take(PLAIN)
    code += plain
    const comment = take(COMMENT)
    if (comment !== '') {
      comments.push(...linesOf(comment, code))
      code += blank(comment)
    } else {
      code += quotation(take, templates, code) || templates.brace(source.charAt(code.length))
    }
  }
  return { code, comments }
}

type Templates = ReturnType<typeof openTemplates>

function quotation(
  take: (pattern: RegExp) => string,
  templates: Templates,
  before: string,
): string {
  const quoted = take(QUOTED)
  if (quoted !== '') return inside(quoted, 1, 1)
  const template = take(TEMPLATE)
  if (template.startsWith('`') || (template.startsWith('}') && templates.closes())) {
    templates.piece(template)
    return inside(template, 1, template.endsWith('${') ? 2 : 1)
  }
  const regex = BEFORE_REGEX.test(before.slice(-40)) ? take(REGEX) : ''
  return regex === '' ? '' : inside(regex, 1, 1)
}

/** Counts the braces within each `${…}` that is open, to know which one closes it. */
function openTemplates() {
  const depths: number[] = []
  const move = (by: number): void => {
    const depth = depths.pop()
    if (depth !== undefined) depths.push(depth + by)
  }
  return {
    closes: (): boolean => depths.at(-1) === 0,
    piece(text: string): void {
      if (text.startsWith('}')) depths.pop()
      if (text.endsWith('${')) depths.push(0)
    },
    brace(character: string): string {
      if (character === '{') move(1)
      if (character === '}') move(-1)
      return character
    },
  }
}

const blank = (text: string): string => text.replace(/[^\n]/g, ' ')

const inside = (text: string, head: number, tail: number): string =>
  text.length < head + tail
    ? text
    : text.slice(0, head) + blank(text.slice(head, -tail)) + text.slice(-tail)

function linesOf(comment: string, before: string): Comment[] {
  const first = lineAt(before, before.length)
  return comment.split('\n').map((text, index) => ({ text, line: first + index }))
}

/** The line, from 1, of the character at `index`. */
export function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length
}
