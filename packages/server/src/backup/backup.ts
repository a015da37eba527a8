// Copies of the books: made while a server runs, and put back in place of the books.
// A copy appears under its name whole and on disk, or not at all, and has been verified by then.
// There is no moment at which the books are missing: a kill leaves the old ones or the new ones.
export { type BackupSettings, backup } from './create-backup.ts'
export { BackupError } from './failure.ts'
export { POSTGRES_COMMANDS } from './postgres-commands.ts'
export { type Restored, type RestoreParts, type RestoreSettings, restore } from './restore.ts'
