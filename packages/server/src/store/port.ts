import type { SqlValue, Statement } from './statement.ts'

/** A writing transaction. There is one at a time in the whole system, so what it reads stays true until it commits. */
export interface Tx {
  /**
   * Runs `statement` for each tuple of values and returns all rows.
   * SQLite runs it once per tuple; PostgreSQL once, over the tuples turned into arrays.
   */
  run<R = never>(statement: Statement, tuples: readonly (readonly SqlValue[])[]): Promise<R[]>
  /** The same for a statement that returns no rows: how many it changed. */
  change(statement: Statement, tuples: readonly (readonly SqlValue[])[]): Promise<number>
  /**
   * Takes `count` consecutive log offsets and returns the first. Offsets have no gaps and become
   * visible in order, because a transaction that fails gives its offsets back.
   */
  takeOffsets(count: number): number
}

/** Runs one reading statement. */
export type Read = <R>(statement: Statement, values: readonly SqlValue[]) => Promise<R[]>

/** Runs it for each tuple and returns all rows, of PostgreSQL in one query where it takes arrays. */
export type ReadEach = <R>(
  statement: Statement,
  tuples: readonly (readonly SqlValue[])[],
) => Promise<R[]>

export interface Store {
  readonly dialect: 'sqlite' | 'postgres'
  /** Commits what `work` does, or nothing. Repeated when the database asks for it, so `work` only computes and writes. */
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>
  /** Reads committed rows, outside of any transaction. */
  readonly read: Read
  readonly readEach: ReadEach
  /**
   * The same at once, for a read of which promises and deadline would be a tenth. Null for a database
   * that is no part of this process.
   */
  readonly readNow: (<R>(statement: Statement, values: readonly SqlValue[]) => R[]) | null
  /**
   * All that `work` reads is as of one moment, whatever is committed meanwhile, and may take as long
   * as it takes. It holds back the database's own cleaning up, so `work` waits for nothing else.
   */
  snapshot<T>(work: (read: Read) => Promise<T>): Promise<T>
  /** Runs DDL or other text as it is, in one transaction. For migrations. */
  script(statements: readonly string[]): Promise<void>
  /** Copies the books into `file` while the server runs. Only SQLite; PostgreSQL has pg_dump. */
  backup(file: string): Promise<void>
  /** Connections in use and open, for the pool gauges. */
  pool(): { readonly inUse: number; readonly open: number; readonly max: number }
  close(): Promise<void>
}

/**
 * - `unavailable`: not now, perhaps later. Nothing was written, unless the connection broke between a
 *   COMMIT and its answer: then only a repeat under the same key can tell
 * - `fatal`: the disk or file cannot be trusted any more; stop and recover from the log
 * - `bug`: the statement is wrong for this data
 */
export type StoreFailureKind = 'unavailable' | 'fatal' | 'bug'

export class StoreFailure extends Error {
  readonly kind: StoreFailureKind
  constructor(kind: StoreFailureKind, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause })
    this.name = 'StoreFailure'
    this.kind = kind
  }
}
