// How values are written, as SQL: the twins of what cells/ writes, for columns of millions of rows, in
// the forms that cost least of several that were measured; and how finished lines become a file.
export { instantText, jsonText, moneyCell, moneyNumber, textCell } from './sql.ts'
export { writeCsv, writeLines } from './write-lines.ts'
