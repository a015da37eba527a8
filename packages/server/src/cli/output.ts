/** Resolves when all of it has left: a process that ends before cuts a long text short. */
export const print = (text: string): Promise<void> =>
  new Promise((resolve, reject) => {
    process.stdout.write(`${plain(text)}\n`, (error) => (error ? reject(error) : resolve()))
  })

/** The one document of a `--json` run. */
export const printJson = (document: unknown): Promise<void> =>
  print(JSON.stringify(document, null, process.stdout.isTTY ? 2 : undefined))

/** Rows of cells as lines, the columns aligned. */
export function table(rows: readonly (readonly string[])[], indent = ''): string {
  const widths: number[] = []
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, cell.length)
    })
  }
  const lines = rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)))
  return lines.map((cells) => `${indent}${cells.join('  ').trimEnd()}`).join('\n')
}

/** Ids and names come from strangers: what would move a terminal's cursor is shown, not obeyed. */
const plain = (text: string): string =>
  text.replace(
    /[^\P{Cc}\n]/gu,
    (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
