// One CSV file of somebody else: found by name, its structure scanned byte by byte, its columns found
// by name, and its records handed over where they lie. No byte of it vanishes: each line is part of a
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
export { openRecords, type RecordReader } from './record-reader.ts'
export { assertUnchanged, type ScannedCsv, scanCsv } from './scan.ts'
