// What a migration may not do while servers of the version before write to the same database.

const DESTRUCTIVE: readonly RegExp[] = [
  /^\s*DROP\b/i,
  /\bDROP\s+(?:COLUMN|CONSTRAINT|DEFAULT|NOT)\b/i,
  /\bRENAME\s+COLUMN\b/i,
  /\bSET\s+NOT\s+NULL\b/i,
  /\bALTER\s+COLUMN\s+\S+\s+(?:SET\s+DATA\s+)?TYPE\b/i,
  /\bADD\s+(?:CONSTRAINT|CHECK|UNIQUE|PRIMARY|FOREIGN)\b/i,
  /^\s*(?:TRUNCATE|DELETE|UPDATE)\b/i,
]
const ADDED_COLUMN = /\bADD\s+COLUMN\b(?=.*\bNOT\s+NULL\b)(?!.*\bDEFAULT\b)/is
const RENAMED = /^\s*ALTER\s+TABLE\s+(\w+)\s+RENAME\s+TO\b/i
const MADE = /^\s*CREATE\s+(?:TABLE|VIEW)\s+(?:IF\s+NOT\s+EXISTS\s+)?(\w+)/i
const UNIQUE_INDEX = /^\s*CREATE\s+UNIQUE\s+INDEX\s+\w+\s+ON\s+(\w+)/i

/**
 * The statements that take away something which older servers use, or refuse what they write. A table
 * may be renamed where one or a view of its old name takes its place, and a new table may have any
 * rule. What stands in the body of a function is not done by the migration.
 */
export function destroys(statements: readonly string[]): string[] {
  const made = new Set(statements.flatMap((sql) => MADE.exec(sql)?.[1] ?? []))
  return statements.filter((sql) => {
    const own = /^\s*CREATE\s+FUNCTION\b/i.test(sql) ? '' : sql
    const renamed = RENAMED.exec(own)?.[1]
    const indexed = UNIQUE_INDEX.exec(own)?.[1]
    return (
      (renamed !== undefined && !made.has(renamed)) ||
      (indexed !== undefined && !made.has(indexed)) ||
      ADDED_COLUMN.test(own) ||
      DESTRUCTIVE.some((pattern) => pattern.test(own))
    )
  })
}
