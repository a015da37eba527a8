import type { Statement } from '../store/store.ts'

/** Every statement on the analytics file, by name: the tests explain each and look for full scans. */
export const ANALYTICS_STATEMENTS = new Map<string, Statement>()

/** A statement on the analytics file, which is SQLite whatever the books are. */
export function local(name: string, text: string): Statement {
  if (ANALYTICS_STATEMENTS.has(name)) throw new Error(`two statements are named ${name}`)
  const statement = { name, sqlite: text, postgres: text, takesArrays: false }
  ANALYTICS_STATEMENTS.set(name, statement)
  return statement
}
