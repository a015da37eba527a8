// Empty databases for tests: SQLite in a temporary folder, PostgreSQL as a database of one real server.
// A suite that must hold on both says `describe.each(DATABASES)('… on $name', ({ fresh }) => …)`.
// Drop what you took, in `afterAll` or `afterEach`, after closing your own connections.
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { inject } from 'vitest'

export type FreshDatabase = {
  /** As the setting `DATABASE_URL` takes it. */
  readonly url: string
  /** Removes it with all that is in it; on PostgreSQL connections that are still open are ended. */
  drop(): Promise<void>
}

/** A new, empty database on the one PostgreSQL of this run, which the first call starts. */
export async function freshPostgres(): Promise<FreshDatabase> {
  const server = await postgresUrl()
  const name = `test_${randomUUID().replaceAll('-', '')}`
  await execute(server, `CREATE DATABASE ${name}`)
  const url = new URL(server)
  url.pathname = name
  return {
    url: url.href,
    drop: () => execute(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
  }
}

/** A file that does not exist yet in a new folder, as `sqlite:////tmp/…/app.db`: four slashes, absolute. */
export async function freshSqlite(): Promise<FreshDatabase> {
  const folder = await mkdtemp(join(tmpdir(), 'questline-sqlite-'))
  return {
    url: `sqlite:///${join(folder, 'app.db')}`,
    drop: () => rm(folder, { recursive: true, force: true }),
  }
}

export const DATABASES = [
  { name: 'sqlite', fresh: freshSqlite },
  { name: 'postgres', fresh: freshPostgres },
] as const satisfies readonly { name: string; fresh: () => Promise<FreshDatabase> }[]

async function postgresUrl(): Promise<string> {
  const answer = await fetch(inject('postgresDesk'))
  const text = await answer.text()
  if (!answer.ok) throw new Error(text)
  return text
}

async function execute(url: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}
