import { createHash } from 'node:crypto'
import {
  closeSync,
  constants,
  copyFileSync,
  createReadStream,
  fsync,
  linkSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Output } from './run-summary.ts'

const toDisk = promisify(fsync)

// Only the disk is waited for: what else is done with a file of a few KB takes some microseconds, and
// a hundred times that by way of a thread.

/** Waits until a file, or the names in a folder, are on disk. */
export async function sync(path: string): Promise<void> {
  const file = openSync(path, 'r')
  try {
    await toDisk(file)
  } finally {
    closeSync(file)
  }
}

/** Puts `text` in the place of `<folder>/<name>`: as a whole, on disk, or not at all. */
export async function replaceText(folder: string, name: string, text: string): Promise<void> {
  const aside = join(folder, `.${name}.new`)
  const file = openSync(aside, 'w')
  try {
    writeFileSync(file, text)
    await toDisk(file)
  } finally {
    closeSync(file)
  }
  renameSync(aside, join(folder, name))
  await sync(folder)
}

/**
 * Puts the file `from` in the place of `<folder>/<name>`, which is at every moment the old one or the
 * new one. Both share their bytes where the file system can do that.
 */
export async function replaceFile(from: string, folder: string, name: string): Promise<void> {
  const aside = join(folder, asideName(name))
  rmSync(aside, { force: true })
  try {
    linkSync(from, aside)
  } catch {
    // Another file system, or one without hard links.
    copyFileSync(from, aside, constants.COPYFILE_FICLONE)
    await sync(aside)
  }
  renameSync(aside, join(folder, name))
  // A rename to another name of the same file does nothing, and so leaves this one.
  rmSync(aside, { force: true })
}

const asideName = (name: string): string => `.${name}.publishing`
/** What a killed `replaceFile` leaves behind. */
export const isAside = (name: string): boolean => /^\..+\.publishing$/.test(name)

const CHUNK_BYTES = 1 << 20

export async function hashFile(path: string): Promise<Output> {
  const hash = createHash('sha256')
  let bytes = 0
  for await (const chunk of createReadStream(path, { highWaterMark: CHUNK_BYTES })) {
    hash.update(chunk)
    bytes += chunk.length
  }
  return { sha256: hash.digest('hex'), bytes }
}

/** Brings a file that is complete to disk, and hashes it meanwhile. */
export async function seal(path: string): Promise<Output> {
  const [output] = await Promise.all([hashFile(path), sync(path)])
  return output
}
