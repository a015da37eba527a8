// The rows that could not be read, with file, line, reason and text: nothing vanishes silently.
import { type Engine, integer, text } from '../engine/engine.ts'
import type { RejectedRow } from '../inspect/inspect.ts'
import { textCell, writeCsv } from '../print/print.ts'

export type RejectedRows = {
  /** Takes rows of one file from here on; what was taken of this file before is forgotten. */
  begin(file: string): Promise<(row: RejectedRow) => void>
  /** Writes `rejected_rows.csv`, sorted by file, reason, raw text and line. */
  write(path: string): Promise<void>
}

/**
 * Keeps them in the engine, which spills when there are many.
 * @param engine a lane of their own: rows come while other statements run
 */
export async function createRejectedRows(engine: Engine): Promise<RejectedRows> {
  await engine.run('CREATE TABLE rejected (file VARCHAR, line BIGINT, reason VARCHAR, raw VARCHAR)')
  let appender = await engine.appender('rejected')
  return {
    async begin(file) {
      appender.closeSync()
      await engine.run(`DELETE FROM rejected WHERE file = ${text(file)}`)
      appender = await engine.appender('rejected')
      return ({ line, reason, raw }) => {
        appender.appendVarchar(file)
        appender.appendBigInt(BigInt(line))
        appender.appendVarchar(reason)
        appender.appendVarchar(raw)
        appender.endRow()
      }
    },
    async write(path) {
      appender.closeSync()
      const [{ count } = {}] = await engine.rows('SELECT count(*)::INTEGER AS count FROM rejected')
      const query = `
        SELECT concat(file, ',', line, ',', reason, ',', ${textCell('raw')})
        FROM rejected ORDER BY file, reason, raw, line`
      await writeCsv(engine, path, ['file', 'line', 'reason', 'raw'], {
        query,
        count: integer(count),
      })
    },
  }
}
