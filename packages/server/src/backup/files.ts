import { type FileHandle, open, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { type Random, randomText } from '../platform/platform.ts'

/** What SQLite keeps beside a database while it is open. */
export const COMPANIONS = ['-wal', '-shm'] as const

/** Readable by its owner only: the books hold hashes of passwords and keys. */
export const OWNER_ONLY = 0o600

/** A new, empty file beside `file`, of its own name until it is complete. */
export async function newPartial(file: string, random: Random): Promise<string> {
  const partial = join(dirname(file), `.${basename(file)}.${randomText(random, 6)}.partial`)
  const handle = await open(partial, 'wx', OWNER_ONLY)
  await handle.close()
  return partial
}

export async function removeDatabase(file: string): Promise<void> {
  for (const suffix of ['', ...COMPANIONS]) await rm(file + suffix, { force: true })
}

/** Resolves when the file, or the names in the folder, are on disk. */
export async function sync(path: string): Promise<void> {
  const handle: FileHandle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
