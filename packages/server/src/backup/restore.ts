import { constants } from 'node:fs'
import { access, chmod, copyFile, link, mkdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type Clock, type Random, randomText, toInstant } from '../platform/platform.ts'
import { claimServer, migrate, renameBooks, type Store } from '../store/store.ts'
import { inStore } from './create-backup.ts'
import { BackupError } from './failure.ts'
import { COMPANIONS, newPartial, OWNER_ONLY, removeDatabase, sync } from './files.ts'

export type RestoreParts<V> = {
  readonly random: Random
  readonly clock: Clock
  /** Looks at the copy before it takes the place of the books; what it throws stops the restore. */
  readonly verify: (copy: Store) => Promise<V>
}

export type RestoreSettings = {
  /** What `backup` made. It is only read. */
  readonly from: string
  /** The database of the settings, which need not exist. */
  readonly to: string
  /** Databases that are computed from the books. They go, and are made again from the restored ones. */
  readonly derived: readonly string[]
}

export type Restored<V> = {
  readonly file: string
  /** Where the books that were there before are now; null when there were none. */
  readonly before: string | null
  readonly verified: V
}

/**
 * Puts a copy in the place of the books. It is copied beside them, checked there, brought to this
 * version's schema and only then takes their name; the old books stay beside it.
 * @throws BackupError, SchemaError when the copy is newer, ServerLockError when a server runs
 */
export async function restore<V>(
  parts: RestoreParts<V>,
  settings: RestoreSettings,
): Promise<Restored<V>> {
  const from = resolve(settings.from)
  const file = resolve(settings.to)
  await refuseUnusable(from, file)
  await mkdir(dirname(file), { recursive: true })
  const release = claimServer(file)
  try {
    const partial = await newPartial(file, parts.random)
    try {
      await copyFile(from, partial, constants.COPYFILE_FICLONE)
      await chmod(partial, OWNER_ONLY)
      checkIntegrity(partial, from)
      const verified = await inStore(partial, parts.random, async (store) => {
        await migrate(store, parts.clock.now)
        const verified = await parts.verify(store)
        const id = randomText(parts.random, 16)
        // What the copy does not have, others have seen under the offsets that come next.
        await store.transaction((tx) => renameBooks(tx, { from: tx.takeOffsets(0), id }))
        return verified
      })
      await sync(partial)
      const before = await setAside(file, parts.clock)
      // First: beside older books they would be further than the log, and skip what comes.
      for (const each of settings.derived) await removeDatabase(each)
      await rename(partial, file)
      await sync(dirname(file))
      return { file, before, verified }
    } finally {
      await removeDatabase(partial)
    }
  } finally {
    release()
  }
}

async function refuseUnusable(from: string, file: string): Promise<void> {
  if (from === file) throw new BackupError('usage', `${from} is the database itself`)
  const found = await stat(from).catch((cause: unknown) => {
    throw new BackupError('usage', `cannot read ${from}: no such file`, cause)
  })
  if (!found.isFile()) throw new BackupError('usage', `${from} is not a file`)
  const wal = await stat(`${from}-wal`).catch(() => null)
  if (wal && wal.size > 0) {
    throw new BackupError(
      'usage',
      `${from} is not a backup but a database in use, and part of it is in ${from}-wal: copy it with "questline backup"`,
    )
  }
}

function checkIntegrity(copy: string, from: string): void {
  const db = new DatabaseSync(copy)
  try {
    const [first] = db.prepare('PRAGMA integrity_check(1)').all()
    const said = first?.['integrity_check']
    if (said !== 'ok') throw new BackupError('refused', `${from} is damaged: ${said}`)
    const isOurs = db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'migrations'").get()
    if (!isOurs) throw new BackupError('usage', `${from} is no backup of Questline`)
  } catch (cause) {
    if (cause instanceof BackupError) throw cause
    throw new BackupError('usage', `${from} is damaged or no SQLite database`, cause)
  } finally {
    db.close()
  }
}

/**
 * Gives the books a second name and returns it. What SQLite keeps beside them must be gone before
 * the copy takes the first name: it would be replayed onto the copy.
 */
async function setAside(file: string, clock: Clock): Promise<string | null> {
  const exists = await access(file).then(
    () => true,
    () => false,
  )
  if (!exists) {
    await removeDatabase(file)
    return null
  }
  const before = `${file}.before-restore-${toInstant(clock.now()).replace(/[:.]/g, '-')}`
  await keepWriteAheadLog(file, before)
  // Two names for the same bytes until the rename: the books are never missing.
  await link(file, before).catch(() => copyFile(file, before, constants.COPYFILE_EXCL))
  for (const suffix of COMPANIONS) await rm(file + suffix, { force: true })
  await sync(before)
  await sync(dirname(file))
  return before
}

/** Folds the log into the file where that can be done; a damaged file gets a copy of it beside. */
async function keepWriteAheadLog(file: string, before: string): Promise<void> {
  const copy = `${before}-wal`
  // First, since SQLite removes the log of a file that it cannot read.
  await copyFile(`${file}-wal`, copy).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
  })
  let isFolded = true
  try {
    isFolded = foldWriteAheadLog(file)
  } finally {
    if (isFolded) await rm(copy, { force: true })
    else await sync(copy).catch(() => undefined)
  }
}

const SQLITE_BUSY = 5

/**
 * Leaving WAL mode moves all of it into the one file, and fails while anybody else has it open.
 * False for damaged books, which are a reason to restore and are set aside as they are.
 */
function foldWriteAheadLog(file: string): boolean {
  const db = new DatabaseSync(file, { timeout: 1_000 })
  try {
    db.exec('PRAGMA journal_mode = DELETE')
    return true
  } catch (cause) {
    const code = cause instanceof Error && 'errcode' in cause ? Number(cause.errcode) & 0xff : 0
    if (code !== SQLITE_BUSY) return false
    throw new BackupError('refused', `another process uses ${file}: let it end first`, cause)
  } finally {
    db.close()
  }
}
