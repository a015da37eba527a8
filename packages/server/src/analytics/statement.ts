import type { SqlType, Statement } from '../store/store.ts'

/** Every statement on the analytics, by name: the tests explain each and look for full scans. */
export const ANALYTICS_STATEMENTS = new Map<string, Statement>()

/**
 * The schema in PostgreSQL. Every statement names it, since a search path would be state of a session,
 * and a pooler gives each transaction another one.
 */
export const SCHEMA = 'analytics'

/** A file of SQLite holds nothing else, and has no schemas. */
const inFile = (text: string): string => text.replaceAll(`${SCHEMA}.`, '')

function define(statement: Statement): Statement {
  const { name } = statement
  if (ANALYTICS_STATEMENTS.has(name)) throw new Error(`two statements are named ${name}`)
  ANALYTICS_STATEMENTS.set(name, statement)
  return statement
}

/** A statement on the analytics, whose tables it names `analytics.checkpoints` and so on; run once per tuple. */
export const onAnalytics = (name: string, text: string): Statement =>
  define({ name, sqlite: inFile(text), postgres: text, takesArrays: false })

/** One that the two databases spell differently. */
export const spelledOnAnalytics = (
  name: string,
  { sqlite, postgres }: { readonly sqlite: string; readonly postgres: string },
): Statement => define({ name, sqlite: inFile(sqlite), postgres, takesArrays: false })

/** One for many rows: `postgres` takes each column of them as an array. */
export const batchOnAnalytics = (
  name: string,
  { sqlite, postgres }: { readonly sqlite: string; readonly postgres: string },
): Statement => define({ name, sqlite: inFile(sqlite), postgres, takesArrays: true })

/** The rows of a table with these keys; `columns` those of the key, in the order of the tuples. */
export function findOnAnalytics(
  name: string,
  { select, from, key }: { select: string; from: string; key: Readonly<Record<string, SqlType>> },
): Statement {
  const { names, marks, arrays } = columnsOf(key)
  return batchOnAnalytics(name, {
    sqlite: `SELECT ${select} FROM ${from} WHERE (${names}) = (${marks})`,
    postgres: `SELECT ${select} FROM ${from} WHERE (${names}) IN (SELECT * FROM unnest(${arrays}))`,
  })
}

/** `INSERT` of whole rows; `columns` in the order of the tuples, of which no two may meet in one row. */
export function insertOnAnalytics(
  name: string,
  table: string,
  columns: Readonly<Record<string, SqlType>>,
  tail = '',
): Statement {
  const { names, marks, arrays } = columnsOf(columns)
  const into = `INSERT INTO ${table} (${names})`
  return batchOnAnalytics(name, {
    sqlite: `${into} VALUES (${marks}) ${tail}`,
    postgres: `${into} SELECT * FROM unnest(${arrays}) ${tail}`,
  })
}

function columnsOf(columns: Readonly<Record<string, SqlType>>) {
  return {
    names: Object.keys(columns).join(', '),
    marks: Object.keys(columns)
      .map((_, index) => `$${index + 1}`)
      .join(', '),
    arrays: Object.values(columns)
      .map((type, index) => `$${index + 1}::${type}[]`)
      .join(', '),
  }
}
