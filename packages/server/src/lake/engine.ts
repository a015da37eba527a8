import { mkdirSync } from 'node:fs'
import type { DuckDBConnection, DuckDBResult, JS } from '@duckdb/node-api'
import { list, text } from './literals.ts'

export type EngineSettings = {
  readonly threads: number
  readonly memoryLimitMb: number
  /** Where it spills to when memory is short. */
  readonly scratch: string
  /** The only folders that statements may read from and write to, beside `scratch`. */
  readonly folders?: readonly string[]
  /** The only files beside. */
  readonly files?: readonly string[]
}

/** One row of a small answer, by column name. */
export type Row = Readonly<Record<string, JS>>
export interface LakeEngine {
  run(sql: string): Promise<void>
  /** For small answers. */
  rows(sql: string): Promise<readonly Row[]>
  /** The answer in chunks, as they come, without holding it. */
  stream(sql: string): Promise<DuckDBResult>
  /** A folder of its own, for what it and its user put aside. */
  readonly scratch: string
  /** The connection itself, for statements that a person wrote. */
  readonly connection: DuckDBConnection
  close(): void
}

/** Loaded with the first engine: most commands need none. */
export const loadDuckDb = () => import('@duckdb/node-api')
export type DuckDb = Awaited<ReturnType<typeof loadDuckDb>>

/**
 * DuckDB in memory for one task: opened, used and closed, so that between tasks it takes no memory.
 * Times are UTC in it, nothing is downloaded, and other files than those named cannot be reached.
 */
export async function openEngine(settings: EngineSettings): Promise<LakeEngine> {
  const { threads, memoryLimitMb, scratch, folders = [], files = [] } = settings
  // What spills there is events.
  mkdirSync(scratch, { recursive: true, mode: 0o700 })
  const { DuckDBInstance } = await loadDuckDb()
  const instance = await DuckDBInstance.create(':memory:', {
    threads: String(threads),
    memory_limit: `${memoryLimitMb}MB`,
    temp_directory: scratch,
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    // What one topic needed goes back to the system before the next.
    allocator_flush_threshold: '4MB',
  })
  const connection = await instance.connect()
  const allowed = [scratch, ...folders].map((folder) => `${folder}/`)
  await connection.run(
    `SET GLOBAL TimeZone = 'UTC';
     SET GLOBAL allowed_directories = [${list(allowed)}];
     SET GLOBAL allowed_paths = [${list(files)}];
     SET GLOBAL enable_external_access = false; SET GLOBAL lock_configuration = true`,
  )
  return {
    scratch,
    connection,
    run: async (sql) => void (await connection.run(sql)),
    rows: async (sql) => (await connection.runAndReadAll(sql)).getRowObjectsJS(),
    stream: (sql) => connection.stream(sql),
    close() {
      connection.closeSync()
      instance.closeSync()
    },
  }
}

/** Opens an engine for `work` and closes it, whatever happens. */
export async function withEngine<T>(
  settings: EngineSettings,
  work: (engine: LakeEngine) => Promise<T>,
): Promise<T> {
  const engine = await openEngine(settings)
  try {
    return await work(engine)
  } finally {
    engine.close()
  }
}

/** A list of files as `read_parquet` takes it. */
export const parquet = (files: readonly string[]): string =>
  `read_parquet([${files.map(text).join(', ')}], hive_partitioning = true)`
