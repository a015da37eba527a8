// How rows are printed: bytes from numbers and texts, on sheets that are used again, into files.
// What cells/ defines for one value is held here for millions of them. Whatever is written is on disk and
// hashed when it is done.
export { type LineFile, type Lines, putText, writeLines } from './line-file.ts'
export { createPieces, type Pieces, printAhead, writePieces } from './pieces.ts'
export {
  createSheet,
  ink,
  put,
  putAgain,
  putCell,
  putInstant,
  putJsonText,
  putMoneyCell,
  putMoneyNumber,
  type Sheet,
} from './sheet.ts'
