import { closeSync, fsyncSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { logHead, MOVE_LOG_HEAD, READ_LOG_HEAD } from '../log-head.ts'
import type { Read, Store, Tx } from '../port.ts'
import { StoreFailure } from '../port.ts'
import { runWork, type Statements } from '../run-work.ts'
import type { SqlValue, Statement } from '../statement.ts'

export type SqliteSettings = {
  readonly file: string
  readonly busyTimeoutMs: number
  /** Pages in memory, for each of its two connections. */
  readonly cacheMb?: number
}

const CACHE_MB = 16

/** 16 MB: four times SQLite's own default, since a page that many commits change is then copied once. */
const CHECKPOINT_PAGES = 4_000
/** A write-ahead log that has grown past this is folded into the file at the next checkpoint. */
const WAL_BYTES_MAX = 64 * 1_024 * 1_024

/**
 * SQLite in WAL mode with `synchronous=FULL`: a commit is on disk when it returns. One connection
 * writes, another reads what is committed, so a reader never sees half a group.
 */
export function openSqlite(settings: SqliteSettings): Store {
  createPrivately(settings.file)
  const writer = connect(settings)
  const reader = connect(settings)
  reader.db.exec('PRAGMA query_only = ON')
  const reads = shareReads(reader.db)
  let last: Promise<unknown> = Promise.resolve()

  const exclusively = <T>(work: () => Promise<T>): Promise<T> => {
    const result = last.then(work, work)
    last = result.catch(() => undefined)
    return result
  }

  return {
    dialect: 'sqlite',
    transaction: (work) => exclusively(() => inTransaction(writer, reads, work)),
    read: reading(reader),
    readEach: async (statement, tuples) =>
      tuples.length === 0 ? [] : failing(() => runEach(reader.prepared(statement), tuples)),
    readNow: (statement, values) =>
      failing(() => {
        reads.begin()
        return rowsOf(reader.prepared(statement), values)
      }),
    snapshot: (work) => inSnapshot(settings, work),
    script: (statements) =>
      exclusively(async () =>
        committing(writer.db, reads, async () => {
          for (const statement of statements) writer.db.exec(statement)
        }),
      ),
    backup: async (file) => copyInto(settings, file),
    pool: () => ({ inUse: writer.db.isTransaction ? 1 : 0, open: 2, max: 2 }),
    close: async () => {
      await last
      reads.end()
      reader.db.close()
      writer.db.close()
    },
  }
}

/**
 * A new database is its owner's alone: it holds hashes of passwords and everybody's currency. SQLite
 * gives its write-ahead log the same permissions. Why a file cannot be made, SQLite says when it opens it.
 */
function createPrivately(file: string): void {
  if (file === ':memory:') return
  try {
    closeSync(openSync(file, 'wx', 0o600))
  } catch {}
}

/** A statement with the names of the columns that it returns: none if it only writes. */
type Prepared = { readonly statement: StatementSync; readonly columns: readonly string[] }
type Connection = { readonly db: DatabaseSync; prepared(statement: Statement): Prepared }

function connect(settings: SqliteSettings): Connection {
  const db = failing(() => new DatabaseSync(settings.file, { timeout: settings.busyTimeoutMs }))
  try {
    db.exec('PRAGMA journal_mode = WAL')
    db.exec('PRAGMA synchronous = FULL')
    db.exec('PRAGMA foreign_keys = ON')
    db.exec(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`)
    db.exec(`PRAGMA journal_size_limit = ${WAL_BYTES_MAX}`)
    db.exec(`PRAGMA cache_size = -${(settings.cacheMb ?? CACHE_MB) * 1_024}`)
    assertDurable(db)
  } catch (error) {
    db.close()
    throw toFailure(error)
  }
  const cache = new Map<Statement, Prepared>()
  return {
    db,
    prepared(statement) {
      const known = cache.get(statement)
      if (known) return known
      // `$1` would be a named parameter to SQLite, `?1` is a numbered one.
      const prepared = db.prepare(statement.sqlite.replace(/\$(\d+)/g, '?$1'))
      prepared.setReturnArrays(true)
      const made = { statement: prepared, columns: prepared.columns().map(({ name }) => name) }
      cache.set(statement, made)
      return made
    },
  }
}

/** Read back, since SQLite ignores a pragma that it does not know or cannot honour. */
function assertDurable(db: DatabaseSync): void {
  const journal = db.prepare('PRAGMA journal_mode').get()?.['journal_mode']
  const synchronous = db.prepare('PRAGMA synchronous').get()?.['synchronous']
  if (journal !== 'wal' || synchronous !== 2) {
    throw new Error(
      `SQLite is not durable here: journal_mode=${journal}, synchronous=${synchronous}`,
    )
  }
}

const reading =
  (connection: Connection): Read =>
  async <R>(statement: Statement, values: readonly SqlValue[]) =>
    failing(() => rowsOf<R>(connection.prepared(statement), values))

const rowsOf = <R>(prepared: Prepared, values: readonly SqlValue[]): R[] =>
  runEach<R>(prepared, [values])

/** On a connection of its own: on the shared one, other requests would read the past. */
async function inSnapshot<T>(
  settings: SqliteSettings,
  work: (read: Read) => Promise<T>,
): Promise<T> {
  const connection = connect(settings)
  try {
    // SQLite fixes the moment at the first read, not at BEGIN.
    failing(() => connection.db.exec('PRAGMA query_only = ON; BEGIN; SELECT 1 FROM sqlite_schema'))
    return await work(reading(connection))
  } finally {
    connection.db.close()
  }
}

/** On a connection of its own, since SQLite takes the copy for a write that a reader may not do. */
function copyInto(settings: SqliteSettings, file: string): void {
  const { db } = connect(settings)
  try {
    failing(() => void db.prepare('VACUUM INTO ?').run(file))
  } finally {
    db.close()
  }
  // SQLite syncs what it writes for itself, but not this copy.
  for (const path of [file, dirname(file)]) syncPath(path)
}

function syncPath(path: string): void {
  const descriptor = openSync(path, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

type SharedReads = ReturnType<typeof shareReads>

/**
 * What is read at once in one turn of the event loop shares a transaction, since each by itself would
 * lock the file and unlock it, a twentieth of a balance. It ends before a commit of this process: who
 * was told of a write reads it, and no checkpoint meets a reader.
 */
function shareReads(db: DatabaseSync) {
  const begin = db.prepare('BEGIN')
  const commit = db.prepare('COMMIT')
  let isOpen = false
  const end = (): void => {
    if (!isOpen) return
    isOpen = false
    // A read that the disk failed has ended it already.
    if (db.isTransaction) commit.run()
  }
  return {
    begin(): void {
      if (isOpen) return
      begin.run()
      isOpen = true
      setImmediate(end)
    },
    end,
  }
}

function inTransaction<T>(
  connection: Connection,
  reads: SharedReads,
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  const { db } = connection
  return committing(db, reads, async () => {
    const head = logHead(rowsOf(connection.prepared(READ_LOG_HEAD), [])[0])
    const statements: Statements = {
      run: async (statement, tuples) =>
        failing(() => runEach(connection.prepared(statement), tuples)),
      change: async (statement, tuples) =>
        failing(() => changeEach(connection.prepared(statement), tuples)),
    }
    const result = await runWork(work, statements, head)
    if (head.moved()) changeEach(connection.prepared(MOVE_LOG_HEAD), [[head.newest()]])
    return result
  })
}

async function committing<T>(
  db: DatabaseSync,
  reads: SharedReads,
  work: () => Promise<T>,
): Promise<T> {
  failing(() => db.exec('BEGIN IMMEDIATE'))
  try {
    const result = await work()
    reads.end()
    db.exec('COMMIT')
    return result
  } catch (error) {
    if (db.isTransaction) failing(() => db.exec('ROLLBACK'))
    throw toFailure(error)
  }
}

/** Rows are made here from their cells: the driver's own are dictionaries, slow to make and to read. */
function runEach<R>(prepared: Prepared, tuples: readonly (readonly SqlValue[])[]): R[] {
  const { statement, columns } = prepared
  const rows: R[] = []
  if (columns.length === 0) changeEach(prepared, tuples)
  else {
    for (const tuple of tuples) {
      const found: unknown[] = statement.all(...(tuple as SQLInputValue[]))
      for (const cells of found) rows.push(toRow<R>(columns, cells as SqlValue[]))
    }
  }
  return rows
}

function toRow<R>(columns: readonly string[], cells: readonly SqlValue[]): R {
  const row: Record<string, SqlValue | undefined> = {}
  for (let i = 0; i < columns.length; i += 1) row[columns[i] ?? ''] = cells[i]
  return row as R
}

function changeEach({ statement }: Prepared, tuples: readonly (readonly SqlValue[])[]): number {
  let changed = 0
  for (const tuple of tuples) {
    changed += Number(statement.run(...(tuple as SQLInputValue[])).changes)
  }
  return changed
}

function failing<T>(action: () => T): T {
  try {
    return action()
  } catch (error) {
    throw toFailure(error)
  }
}

// https://sqlite.org/rescode.html: primary result codes.
const UNAVAILABLE = new Set([
  5 /* BUSY */, 6 /* LOCKED */, 13 /* FULL */, 14 /* CANTOPEN */, 15 /* PROTOCOL */,
])
const FATAL = new Set([8 /* READONLY */, 10 /* IOERR */, 11 /* CORRUPT */, 26 /* NOTADB */])

function toFailure(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  // Node's own word for a connection that is closed.
  if ('code' in error && error.code === 'ERR_INVALID_STATE') {
    return new StoreFailure('unavailable', error)
  }
  if (!('errcode' in error)) return error
  const code = Number(error.errcode) & 0xff
  const kind = UNAVAILABLE.has(code) ? 'unavailable' : FATAL.has(code) ? 'fatal' : 'bug'
  return new StoreFailure(kind, error)
}
