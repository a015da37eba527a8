// Texts of others in millions of rows: kept as UTF-8 in one array, compared, hashed and numbered as
// bytes, so that no row makes a string. A text is made of bytes only where one is shown.
export { createBytes, createFloat64s, createInt32s, grown } from './columns.ts'
export {
  compareTexts,
  copyBytes,
  firstByte,
  hasText,
  lengthOf,
  NO_TEXTS,
  type Texts,
  textOf,
  touch,
} from './text-bytes.ts'
export { createTextHash, hashBytes, type TextHash, wordAt } from './text-hash.ts'
export { createTextList, type TextList } from './text-list.ts'
export { createTextNumbers, type NumberedTexts, type TextNumbers } from './text-numbers.ts'
export { createTextQueue, type TextQueue } from './text-queue.ts'
