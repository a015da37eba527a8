// One CSV file of somebody else: found by name, its structure scanned byte by byte, its columns found
// by name, and read by the engine as it was scanned. No byte of it vanishes: each line is part of a
// readable record or of one that is handed over with its line and the reason.

export {
  APPSFLYER_EXPORT,
  CONFIRMED_PURCHASES,
  COSTS_DAILY,
  findColumns,
  PURCHASES_RAW,
  SESSIONS,
} from './columns.ts'
export { splitCells } from './csv-cells.ts'
export { findFiles } from './files.ts'
export { readHeader } from './header.ts'
export { InputError } from './input-error.ts'
export { columnAt, type ReadableCsv, readCsvSql } from './read-csv.ts'
export { type ScannedCsv, scanCsv } from './scan.ts'
