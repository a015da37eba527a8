import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from './literals.ts'

/** Texts of one event: its head, and the event itself where it has one. */
export type TextRow = readonly [head: string, event: string | null]

/** The rows of one day, in their order, in a file that DuckDB reads from front to back. */
export type StagedDay = {
  /** Of UTC, as `2026-03-01`. */
  readonly date: string
  readonly rows: number
  /** With the columns `head` and `event`, as it stands after FROM. */
  readonly table: string
  remove(): void
}

/**
 * Each event is a line of its own whatever it looks like, so that DuckDB reads the file in small
 * pieces; with line breaks between quotes it would keep the whole file in memory. What would break a
 * line, or be taken for something else, stands behind an escape. JSON has none of these but breaks.
 */
const SEPARATOR = '\u0002'
const NONE = '\u0003'
const ESCAPE = '\u0005'
/** The escape itself comes first when they are put in, and last when they are taken out. */
const ESCAPED = [ESCAPE, '\n', '\r', SEPARATOR, NONE, '\0'].map((char, index) => ({
  char,
  escaped: `${ESCAPE}${index}`,
}))
/** In bytes; no event of the log comes near it. */
const LINE_MAX = 2_097_152
const BUFFER_BYTES = 4 * LINE_MAX

/**
 * Puts rows aside, a file for each day, so that neither side ever holds a batch: a table in DuckDB took
 * 300 MB for 200,000 events. The files are not synced, and live for seconds.
 * @param folder must exist
 * @returns the days in their order
 */
export async function stageRows(
  folder: string,
  pages: AsyncIterable<readonly TextRow[]>,
): Promise<readonly StagedDay[]> {
  const rowsOf = new Map<string, number>()
  for await (const page of pages) {
    for (const [date, lines] of byDay(page)) {
      const known = rowsOf.get(date)
      const options = { flag: known === undefined ? 'w' : 'a' }
      writeFileSync(fileOf(folder, date), `${lines.join('\n')}\n`, options)
      rowsOf.set(date, (known ?? 0) + lines.length)
    }
  }
  return [...rowsOf].sort().map(([date, rows]) => {
    const file = fileOf(folder, date)
    return { date, rows, table: tableOf(file), remove: () => rmSync(file) }
  })
}

const fileOf = (folder: string, date: string): string => join(folder, `staged-${date}`)

function byDay(page: readonly TextRow[]): ReadonlyMap<string, readonly string[]> {
  const days = new Map<string, string[]>()
  for (const [head, event] of page) {
    const day = dayOf(head)
    const line = `${head}${SEPARATOR}${event === null ? NONE : onOneLine(event)}`
    const lines = days.get(day)
    if (lines) lines.push(line)
    else days.set(day, [line])
  }
  return days
}

const onOneLine = (event: string): string =>
  ESCAPED.reduce(
    (line, { char, escaped }) => (line.includes(char) ? line.replaceAll(char, escaped) : line),
    event,
  )

/** Within a text the quotes around the name would have backslashes before them. */
const dayOf = (head: string): string =>
  new Date(Number(/"corrected_at":(-?\d+)/.exec(head)?.[1])).toISOString().slice(0, 10)

/** The event as it was, from the column `line`. */
const UNESCAPED = ESCAPED.reduceRight(
  (sql, { char, escaped }) => `replace(${sql}, ${text(escaped)}, chr(${char.charCodeAt(0)}))`,
  'line',
)

const tableOf = (file: string): string =>
  `(SELECT head, CASE WHEN contains(line, ${text(ESCAPE)}) THEN ${UNESCAPED} ELSE line END AS event
    FROM read_csv(${text(file)}, auto_detect = false, header = false, new_line = '\\n',
      columns = {'head': 'VARCHAR', 'line': 'VARCHAR'}, delim = ${text(SEPARATOR)}, quote = '', escape = '',
      nullstr = ${text(NONE)}, max_line_size = ${LINE_MAX}, buffer_size = ${BUFFER_BYTES}))`
