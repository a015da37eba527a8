import { join } from 'node:path'
import { Client } from 'pg'
import type { PostgresReady } from './postgres.ts'
import { sharedMemoryMb } from './process-usage.ts'
import { startChild } from './processes.ts'

export type Databases = AsyncDisposable & {
  readonly kind: 'sqlite' | 'postgres'
  /** Of the process above the database's own, where there are any. */
  readonly pids: readonly number[]
  /** The settings that give a server an empty database of its own. */
  fresh(): Promise<Readonly<Record<string, string>>>
  /** Memory beside the server's, now. */
  memoryMb(): number | null
}

/** SQLite: a file in each server's own DATA_DIR. */
export const sqliteDatabases: Databases = {
  kind: 'sqlite',
  pids: [],
  fresh: async () => ({}),
  memoryMb: () => 0,
  [Symbol.asyncDispose]: async () => undefined,
}

/** One PostgreSQL with its default settings, so with durable commits, on the server's core. */
export async function startPostgresDatabases(core: number | null): Promise<Databases> {
  const child = await startChild<PostgresReady>(join(import.meta.dirname, 'postgres.ts'), { core })
  const { url, pid } = child.ready
  let made = 0
  return {
    kind: 'postgres',
    pids: [pid],
    async fresh() {
      made += 1
      const client = new Client({ connectionString: url })
      await client.connect()
      await client.query(`CREATE DATABASE bench_${made}`).finally(() => client.end())
      const own = new URL(url)
      own.pathname = `/bench_${made}`
      return { DATABASE_URL: own.href }
    },
    memoryMb: () => sharedMemoryMb(pid, 'postgres'),
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  }
}
