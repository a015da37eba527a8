// DuckDB as the reports use it: in memory, spilling into the run's scratch folder, with settings that
// make the same input give the same answer everywhere, and columns that cross as typed arrays.
export { appendColumns, type Column, hashes, numbers } from './columns.ts'
export { type Database, type Engine, openDatabase } from './duckdb.ts'
export { list, text } from './sql.ts'
export {
  createTextRows,
  NO_WINDOW,
  type TextRows,
  type TextTable,
  type TextWindow,
} from './text-rows.ts'
export { bigInteger, integer } from './values.ts'
