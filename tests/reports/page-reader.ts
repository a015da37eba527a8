// Reads report.html as strictly as it is written: a closed list of elements, every attribute quoted,
// every element closed, every escape a known one. What a hostile name could break out of fails here.

export type Element = {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly children: readonly (Element | string)[]
}

const ELEMENTS = new Set([
  ...['html', 'head', 'meta', 'title', 'style', 'body', 'header', 'main', 'footer', 'section'],
  ...['h1', 'h2', 'h3', 'p', 'br', 'dl', 'dt', 'dd', 'div', 'ol', 'ul', 'li', 'code', 'b', 'bdi'],
  ...['table', 'thead', 'tbody', 'tr', 'th', 'td', 'data', 'time'],
  ...['svg', 'rect', 'path', 'line', 'text'],
])
const VOID = new Set(['meta', 'br'])
const ATTRIBUTES = new Set([
  ...['lang', 'charset', 'name', 'content', 'class', 'id', 'role', 'tabindex', 'scope', 'datetime'],
  ...['value', 'data-of', 'data-row', 'data-days', 'aria-labelledby', 'aria-label', 'aria-hidden'],
  ...['width', 'height', 'viewBox', 'd', 'x', 'y', 'x1', 'x2', 'y1', 'y2', 'text-anchor'],
])
const TOKEN = /<(\/?)([a-z][a-z0-9]*)((?: [a-zA-Z0-9-]+="[^"<>]*")*)(\/?)>|[^<>]+/y

/** @throws Error at the first thing that is not as it must be */
export function parsePage(page: string): Element {
  const doctype = '<!doctype html>\n'
  if (!page.startsWith(doctype)) throw new Error('The page begins with no doctype.')
  const root = { name: '', attributes: {}, children: [] as (Element | string)[] }
  const open = [root]
  TOKEN.lastIndex = doctype.length
  while (TOKEN.lastIndex < page.length) {
    const at = TOKEN.lastIndex
    const [token, slash, name, attributes, selfClosing] = TOKEN.exec(page) ?? []
    const fault = (what: string) => new Error(`${what} at ${at}: ${page.slice(at, at + 80)}`)
    if (token === undefined) throw fault('No HTML of ours')
    const parent = open.at(-1) ?? root
    if (name === undefined) {
      parent.children.push(parent.name === 'style' ? token : unescaped(token, fault))
    } else if (slash === '/') {
      if (open.pop()?.name !== name) throw fault('Closed, but not open')
    } else {
      if (!ELEMENTS.has(name)) throw fault('No element of ours')
      const element = { name, attributes: attributesIn(attributes ?? '', fault), children: [] }
      parent.children.push(element)
      if (selfClosing !== '/' && !VOID.has(name)) open.push(element)
    }
  }
  const [html, ...others] = root.children.filter((child) => typeof child !== 'string')
  if (open.length !== 1 || html?.name !== 'html' || others.length > 0) {
    throw new Error('Something stays open, or the page is no single document.')
  }
  return html
}

type Fault = (what: string) => Error

function attributesIn(text: string, fault: Fault): Record<string, string> {
  const found = [...text.matchAll(/ ([^=]+)="([^"]*)"/g)].map(([, name = '', value = '']) => {
    if (!ATTRIBUTES.has(name)) throw fault(`No attribute of ours, ${name},`)
    return [name, unescaped(value, fault)] as const
  })
  return Object.fromEntries(found)
}

const CHARACTERS: Readonly<Record<string, string>> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&#34;': '"',
}

function unescaped(text: string, fault: Fault): string {
  return text.replace(/&[^;]*;?/g, (found) => {
    const character = CHARACTERS[found]
    if (character === undefined) throw fault(`No escape of ours, ${found},`)
    return character
  })
}

/** Every element in it that is `wanted`, in the order of the page. */
export function elementsIn(root: Element, wanted: (element: Element) => boolean): Element[] {
  return root.children.flatMap((child) => {
    if (typeof child === 'string') return []
    return [...(wanted(child) ? [child] : []), ...elementsIn(child, wanted)]
  })
}

export const named = (root: Element, name: string): Element[] =>
  elementsIn(root, (element) => element.name === name)

export const textOf = (element: Element): string =>
  element.children.map((child) => (typeof child === 'string' ? child : textOf(child))).join('')

/** The rows of one kind, in their order. */
export const rowsOf = (root: Element, kind: string): Element[] =>
  elementsIn(root, ({ attributes }) => attributes['data-row'] === kind)

/** The exact values in it, by what they are of. */
export function valuesIn(root: Element): Readonly<Record<string, string>> {
  const data = named(root, 'data').map(({ attributes }) => attributes)
  return Object.fromEntries(data.map((each) => [each['data-of'] ?? '', each['value'] ?? '']))
}

/** The part of the page under the heading with this id. */
export function sectionOf(root: Element, id: string): Element {
  const [section] = elementsIn(
    root,
    ({ name, attributes }) => name === 'section' && attributes['aria-labelledby'] === id,
  )
  if (!section) throw new Error(`The page has no section ${id}.`)
  return section
}
