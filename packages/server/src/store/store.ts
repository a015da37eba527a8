// The one port to the databases. SQLite and PostgreSQL keep the same promises behind it:
// one writing transaction at a time, in the order of the log; a resolved write is on disk.
// Contract: store.contract.ts runs on both.
export { type BooksId, readBooksIds, renameBooks } from './books-ids.ts'
export { gather } from './gather.ts'
export {
  MIGRATIONS,
  type Migration,
  migrate,
  SCHEMA_VERSION,
  SchemaError,
  type Spelling,
} from './migrate.ts'
export { type OpenStoreSettings, openStore } from './open.ts'
export type { Read, ReadEach, Store, StoreFailureKind, Tx } from './port.ts'
export { StoreFailure } from './port.ts'
export { expirePartitions, hasPartitions, keepPartitionsAhead } from './postgres/partitions.ts'
export { settlePooledDefaults } from './postgres/pooled-defaults.ts'
export { claimServer, ServerLockError } from './sqlite/server-lock.ts'
export {
  batched,
  insertStatement,
  type SqlType,
  type SqlValue,
  STATEMENTS,
  type Statement,
  shared,
  spelled,
} from './statement.ts'
export { createWriter, type Work, type Writer, type WriterStats } from './writer.ts'
