import { DatabaseSync } from 'node:sqlite'

/** Another server already runs on this database file. */
export class ServerLockError extends Error {}

/**
 * Lets one server at a time run on a SQLite file. The claim is a lock of the operating system on a
 * file beside it, so it ends with the process, however that ends, and nobody has to remove anything.
 * @throws ServerLockError
 */
export function claimServer(databaseFile: string): () => void {
  const db = new DatabaseSync(`${databaseFile}.server-lock`, { timeout: 0 })
  try {
    db.exec('PRAGMA journal_mode = MEMORY')
    db.exec('BEGIN EXCLUSIVE')
  } catch (cause) {
    db.close()
    throw new ServerLockError(
      `another Questline server runs on ${databaseFile}: stop it, or set DATA_DIR or DATABASE_URL`,
      { cause },
    )
  }
  return () => db.close()
}
