import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Client } from 'pg'
import { afterEach, describe, expect, it } from 'vitest'
import { DATABASES, type FreshDatabase, freshPostgres, freshSqlite } from './database.ts'

const taken: FreshDatabase[] = []
const take = async (fresh: () => Promise<FreshDatabase>): Promise<FreshDatabase> => {
  const database = await fresh()
  taken.push(database)
  return database
}
afterEach(async () => {
  await Promise.all(taken.splice(0).map((database) => database.drop()))
})

const QUERY = { sqlite: querySqlite, postgres: queryPostgres } as const

describe.each(DATABASES)('a fresh $name database', ({ name, fresh }) => {
  const query = QUERY[name]

  it('is empty, keeps what is written, and is not seen by another', async () => {
    const [one, two] = await Promise.all([take(fresh), take(fresh)])
    await query(one.url, 'CREATE TABLE things (id INTEGER)')
    await query(one.url, 'INSERT INTO things VALUES (7)')
    expect(await query(one.url, 'SELECT id FROM things')).toEqual([{ id: 7 }])
    await expect(query(two.url, 'SELECT id FROM things')).rejects.toThrow(/things/)
  })

  it('is gone after its drop, also twice', async () => {
    const database = await fresh()
    await query(database.url, 'CREATE TABLE things (id INTEGER)')
    await database.drop()
    await database.drop()
    await expect(query(database.url, 'SELECT id FROM things')).rejects.toThrow()
  })
})

describe('the PostgreSQL of the tests', () => {
  it('is a real server that writes through to the disk and takes 200 connections', async () => {
    const { url } = await take(freshPostgres)
    expect(await queryPostgres(url, 'SHOW fsync')).toEqual([{ fsync: 'on' }])
    expect(await queryPostgres(url, 'SHOW synchronous_commit')).toEqual([
      { synchronous_commit: 'on' },
    ])
    expect(await queryPostgres(url, 'SHOW max_connections')).toEqual([{ max_connections: '200' }])
    const [row] = await queryPostgres(url, 'SELECT version()')
    expect(row?.['version']).toMatch(/^PostgreSQL 18\./)
  })

  it('sorts text by language unless told otherwise, as most servers do', async () => {
    const { url } = await take(freshPostgres)
    const letters = "SELECT l FROM (VALUES ('B'), ('a')) AS t (l) ORDER BY l"
    expect(await queryPostgres(url, letters)).toEqual([{ l: 'a' }, { l: 'B' }])
    expect(await queryPostgres(url, `${letters} COLLATE "C"`)).toEqual([{ l: 'B' }, { l: 'a' }])
  })

  it('makes many databases at once', async () => {
    const databases = await Promise.all(Array.from({ length: 8 }, () => take(freshPostgres)))
    expect(new Set(databases.map(({ url }) => url)).size).toBe(8)
  })
})

describe('the SQLite of the tests', () => {
  it('lies in a folder of its own, which goes with it', async () => {
    const { url, drop } = await take(freshSqlite)
    expect(url).toMatch(/^sqlite:\/\/\/\/.+\/app\.db$/)
    expect(existsSync(dirname(fileOf(url)))).toBe(true)
    await drop()
    expect(existsSync(dirname(fileOf(url)))).toBe(false)
  })
})

type Row = Record<string, unknown>

async function queryPostgres(url: string, sql: string): Promise<Row[]> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query<Row>(sql)).rows
  } finally {
    await client.end()
  }
}

const fileOf = (url: string): string => url.slice('sqlite:///'.length)

async function querySqlite(url: string, sql: string): Promise<Row[]> {
  const database = new DatabaseSync(fileOf(url))
  try {
    return database
      .prepare(sql)
      .all()
      .map((row) => ({ ...row }))
  } finally {
    database.close()
  }
}
