/**
 * The cells of one record's text, which must hold no quote fault: quotes around a cell and the
 * doubling inside them are taken away, a quote inside an unquoted cell stays.
 */
export function splitCells(text: string, delimiter: string): string[] {
  const cells: string[] = []
  let at = 0
  for (;;) {
    const cell = text[at] === '"' ? quotedCell(text, at + 1) : plainCell(text, at, delimiter)
    cells.push(cell.text)
    if (cell.end >= text.length) return cells
    at = cell.end + 1
  }
}

type Cell = { readonly text: string; readonly end: number }

function plainCell(text: string, from: number, delimiter: string): Cell {
  const found = text.indexOf(delimiter, from)
  const end = found === -1 ? text.length : found
  return { text: text.slice(from, end), end }
}

function quotedCell(text: string, from: number): Cell {
  let end = text.indexOf('"', from)
  while (text[end + 1] === '"') end = text.indexOf('"', end + 2)
  if (end === -1) throw new Error('a quote is not closed in a record that was taken as sound')
  return { text: text.slice(from, end).replaceAll('""', '"'), end: end + 1 }
}
