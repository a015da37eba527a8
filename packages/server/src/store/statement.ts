export type SqlValue = string | number | Uint8Array | null

/**
 * One named SQL statement; placeholders are `$1`, `$2`, … on both databases. Most share one text.
 * The few that write or read many rows at once differ: PostgreSQL takes each column as an array
 * (`takesArrays`), SQLite is called once per row, which costs it no round trip.
 */
export type Statement = {
  readonly name: string
  readonly sqlite: string
  readonly postgres: string
  readonly takesArrays: boolean
}

/** Every statement that was defined, by name: the tests explain each and look for full scans. */
export const STATEMENTS = new Map<string, Statement>()

function define(statement: Statement): Statement {
  if (STATEMENTS.has(statement.name)) throw new Error(`two statements are named ${statement.name}`)
  STATEMENTS.set(statement.name, statement)
  return statement
}

/** A statement in the subset of SQL that both databases read alike. */
export const shared = (name: string, text: string): Statement =>
  define({ name, sqlite: text, postgres: text, takesArrays: false })

/** A statement that the two databases spell differently; each runs it once per tuple. */
export const spelled = (name: string, texts: { sqlite: string; postgres: string }): Statement =>
  define({ name, ...texts, takesArrays: false })

/** A statement for many rows: `postgres` reads its values with `unnest($1::text[], …)`. */
export const batched = (name: string, texts: { sqlite: string; postgres: string }): Statement =>
  define({ name, ...texts, takesArrays: true })

export type SqlType = 'text' | 'bigint' | 'bytea' | 'numeric'

/** `INSERT` of whole rows; `columns` in the order of the tuples. */
export function insertStatement(
  name: string,
  table: string,
  columns: Readonly<Record<string, SqlType>>,
  tail = '',
): Statement {
  const names = Object.keys(columns).join(', ')
  const marks = Object.keys(columns).map((_, index) => `$${index + 1}`)
  const arrays = Object.values(columns).map((type, index) => `$${index + 1}::${type}[]`)
  return batched(name, {
    sqlite: `INSERT INTO ${table} (${names}) VALUES (${marks.join(', ')}) ${tail}`.trimEnd(),
    postgres:
      `INSERT INTO ${table} (${names}) SELECT * FROM unnest(${arrays.join(', ')}) ${tail}`.trimEnd(),
  })
}
