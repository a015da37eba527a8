/** PostgreSQL has its own tools, which do it better than we could. */
export const POSTGRES_COMMANDS = {
  backup: (file: string): readonly string[] => [
    `pg_dump --format=custom --file=${quoted(file)} "$DATABASE_URL"`,
  ],
  /** After stopping every server; `questline audit` says whether all came back. */
  restore: (file: string): readonly string[] => [
    `pg_restore --clean --if-exists --single-transaction --dbname="$DATABASE_URL" ${quoted(file)}`,
    'questline audit',
  ],
} as const

/** For a POSIX shell. */
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`
