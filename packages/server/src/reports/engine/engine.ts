// DuckDB as the reports use it, for what may not fit into memory: spilling into the run's scratch folder,
// with settings that make the same input give the same answer everywhere.
export { type Database, type Engine, openDatabase } from './duckdb.ts'
export { list, text } from './sql.ts'
export {
  createTextRows,
  NO_WINDOW,
  type TextRows,
  type TextTable,
  type TextWindow,
} from './text-rows.ts'
