// The rows that could not be read, with file, line, reason and text: nothing vanishes silently.
import { createTextRows, type Engine, NO_WINDOW } from '../engine/engine.ts'
import { type LineFile, putCell, putText, writeLines } from '../print/print.ts'
import type { RejectedRow } from '../runs/runs.ts'

export type RejectedRows = {
  /** Takes rows of one file from here on; what was taken of this file before is forgotten. */
  begin(file: string): (row: RejectedRow) => void
  /** Writes `rejected_rows.csv`, sorted by file, reason, raw text and line. */
  write(path: string): Promise<void>
}

/** One reading of a file; a later one takes its place. */
type Reading = { readonly index: number; rows: number; bytes: number }

/**
 * Keeps them in the engine, which spills when there are many.
 * @param engine a lane of their own: rows come while other statements run
 */
export async function createRejectedRows(engine: Engine): Promise<RejectedRows> {
  await engine.run(
    'CREATE TABLE rejected (reading INTEGER, file VARCHAR, line BIGINT, reason VARCHAR, raw VARCHAR)',
  )
  const appender = await engine.appender('rejected')
  const readings = new Map<string, Reading>()
  let begun = 0
  return {
    begin(file) {
      const reading = { index: begun, rows: 0, bytes: 0 }
      begun += 1
      readings.set(file, reading)
      return ({ line, reason, raw }) => {
        appender.appendInteger(reading.index)
        appender.appendVarchar(file)
        appender.appendBigInt(BigInt(line))
        appender.appendVarchar(reason)
        appender.appendVarchar(raw)
        appender.endRow()
        reading.rows += 1
        reading.bytes += raw.length
      }
    },
    async write(path) {
      appender.closeSync()
      const last = [...readings.values()]
      const rows = last.reduce((sum, reading) => sum + reading.rows, 0)
      const bytes = last.reduce((sum, reading) => sum + reading.bytes, 0)
      if (rows > 0) await sort(engine, last)
      await writeLines(path, async (file) => {
        putText(file, 'file,line,reason,raw\n')
        await putRows(file, engine, rows, bytes)
      })
    },
  }
}

const sort = (engine: Engine, readings: readonly Reading[]): Promise<void> =>
  engine.run(`
    CREATE TABLE sorted_rejected AS
    SELECT file, line::VARCHAR AS line, reason, raw FROM rejected
    WHERE reading IN (${readings.map(({ index }) => index).join(', ')})
    ORDER BY file, reason, raw, rejected.line`)

const CELLS = ['file', 'line', 'reason', 'raw']
const COMMA = 0x2c
const LINE_END = 0x0a

async function putRows(file: LineFile, engine: Engine, rows: number, bytes: number) {
  const texts = createTextRows(engine, {
    ...{ table: 'sorted_rejected', rows, rowBytes: bytes / rows, texts: CELLS, codes: [] },
  })
  const { sheet } = file
  let window = NO_WINDOW
  for (let row = 0; row < rows; row += 1) {
    if (row >= window.to) window = await texts.window(row)
    const { starts } = window
    const first = (row - window.from) * CELLS.length
    const startOf = (cell: number): number => starts[first + cell] as number
    const room = 2 * (startOf(CELLS.length) - startOf(0)) + 3 * CELLS.length
    file.makeRoom(room)
    for (let cell = 0; cell < CELLS.length; cell += 1) {
      putCell(sheet, window.bytes, startOf(cell), startOf(cell + 1))
      sheet.bytes[sheet.at] = cell + 1 < CELLS.length ? COMMA : LINE_END
      sheet.at += 1
    }
  }
}
