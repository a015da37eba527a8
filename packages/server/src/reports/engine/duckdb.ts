import {
  type DuckDBAppender,
  type DuckDBConnection,
  type DuckDBDataChunk,
  DuckDBInstance,
  type JS,
  version,
} from '@duckdb/node-api'
import { list, text } from './sql.ts'

export type DatabaseSettings = {
  /** How many cores to use. */
  readonly threads: number
  readonly memoryLimitMb: number
  /** Where it spills to when memory is short; the caller removes it. */
  readonly scratch: string
  /** The only folders that statements may read from and write to. */
  readonly folders: readonly string[]
}

/** One row of a small answer, by column name. */
export type Row = Readonly<Record<string, JS>>

/** A lane into the database: one statement at a time, beside those of other lanes. */
export interface Engine {
  /** Runs statements and forgets what they answer. */
  run(sql: string): Promise<void>
  /** The rows of one query, as objects; for small answers. */
  rows(sql: string): Promise<readonly Row[]>
  /** Visits the answer of one query in chunks, in its order, without holding it. */
  stream(sql: string, visit: (chunk: DuckDBDataChunk) => void): Promise<void>
  /** Appends rows to a table, also while a statement runs. */
  appender(table: string): Promise<DuckDBAppender>
}

export interface Database {
  connect(): Promise<Engine>
  /** Of DuckDB, as `v1.5.4`. */
  readonly version: string
  /** Interrupts what runs and waits for its end: a statement that outlives its database never ends. */
  close(): Promise<void>
}

/**
 * A private database of one run, in memory. Times without zone are UTC in it, nothing is downloaded,
 * and files outside `folders` cannot be reached.
 */
export async function openDatabase(settings: DatabaseSettings): Promise<Database> {
  const instance = await DuckDBInstance.create(':memory:', {
    threads: String(settings.threads),
    memory_limit: `${settings.memoryLimitMb}MB`,
    temp_directory: settings.scratch,
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  })
  const connections: DuckDBConnection[] = []
  const statements = createStatements()
  const open = async (): Promise<DuckDBConnection> => {
    const connection = await instance.connect()
    connections.push(connection)
    return connection
  }
  const folders = list([settings.scratch, ...settings.folders].map((folder) => `${folder}/`))
  await (await open()).run(
    `SET GLOBAL TimeZone = ${text('UTC')};
     SET GLOBAL allowed_directories = [${folders}];
     SET GLOBAL enable_external_access = false; SET GLOBAL lock_configuration = true`,
  )
  return {
    version: version(),
    async connect() {
      return createEngine(await open(), open, statements)
    },
    async close() {
      await statements.end(() => {
        for (const connection of connections) connection.interrupt()
      })
      for (const connection of connections) connection.closeSync()
      instance.closeSync()
    },
  }
}

type Statements = {
  /** @throws once the database is to be closed */
  run<T>(statement: () => Promise<T>): Promise<T>
  /** Lets none begin, and waits until those that run have ended, well or not. */
  end(interrupt: () => void): Promise<void>
}

function createStatements(): Statements {
  const running = new Set<Promise<unknown>>()
  let isClosing = false
  return {
    async run(statement) {
      if (isClosing) throw new Error('the database is being closed')
      const work = statement()
      running.add(work)
      try {
        return await work
      } finally {
        running.delete(work)
      }
    },
    async end(interrupt) {
      isClosing = true
      interrupt()
      await Promise.allSettled(running)
    },
  }
}

const createEngine = (
  connection: DuckDBConnection,
  open: () => Promise<DuckDBConnection>,
  statements: Statements,
): Engine => ({
  async run(sql) {
    await statements.run(() => connection.run(sql))
  },
  rows: (sql) =>
    statements.run(async () => {
      const reader = await connection.runAndReadAll(sql)
      return reader.getRowObjectsJS()
    }),
  stream: (sql, visit) =>
    statements.run(async () => {
      const result = await connection.stream(sql)
      for (;;) {
        const chunk = await result.fetchChunk()
        if (chunk === null || chunk.rowCount === 0) return
        visit(chunk)
      }
    }),
  // Of its own: a connection bears one appender at a time, and none beside a statement.
  appender: (table) => statements.run(async () => (await open()).createAppender(table)),
})
