import type { ScannedCsv } from './scan.ts'

/** What DuckDB needs to read a file that was scanned. */
export type ReadableCsv = Pick<ScannedCsv, 'readPath' | 'delimiter' | 'parallel' | 'header'>

/** The name of a column of a file by its position: headers may hold anything, twice. */
export const columnAt = (index: number): string => `c${index}`

const literal = (value: string): string => `'${value.replaceAll("'", "''")}'`

/**
 * A table of the readable records, all text as it stands in the file; an empty cell is an empty
 * text. Nothing is detected: the scan knows.
 */
export function readCsvSql({ readPath, delimiter, parallel, header }: ReadableCsv): string {
  const names = header.map((_name, index) => columnAt(index))
  return `read_csv(${literal(readPath)}, auto_detect = false, header = false, skip = 1,
    delim = ${literal(delimiter)}, quote = '"', escape = '"', strict_mode = true,
    null_padding = false, parallel = ${parallel}, hive_partitioning = false,
    columns = {${names.map((name) => `${name}: 'VARCHAR'`).join(', ')}},
    force_not_null = [${names.map(literal).join(', ')}])`
}
