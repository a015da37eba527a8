import { existsSync } from 'node:fs'
import { loadConfig, processEnvironment } from '../config/config.ts'
import { CommandFailure } from './command-failure.ts'

/**
 * For commands that look at books: else a misspelt DATA_DIR would make empty ones, in which all is well.
 * @throws CommandFailure
 */
export function requireBooks(): void {
  const { database } = loadConfig(processEnvironment()).store
  if (database.kind === 'postgres' || existsSync(database.file)) return
  throw new CommandFailure(
    2,
    `there are no books at ${database.file}: DATA_DIR or DATABASE_URL says where they are`,
  )
}
