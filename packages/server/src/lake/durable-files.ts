import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'

function sync(path: string): void {
  const descriptor = openSync(path, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/** The folder with its entry in the one above, on disk, before anything is put into it. */
function makeFolder(folder: string, mode = 0o777): void {
  const first = mkdirSync(folder, { recursive: true, mode })
  if (first === undefined) return
  for (let made = folder; made.length >= first.length; made = dirname(made)) sync(dirname(made))
}

/**
 * A new lake is its owner's alone, as the books are. Only its own folder keeps others out, so that who
 * lets somebody in does so once, and not again for the folder of each day.
 */
export const makeLakeFolder = (folder: string): void => makeFolder(folder, 0o700)

/**
 * A file that was written aside appears under its name, whole and on disk, in the place of what may
 * have been there. After a power failure there is the old one, the new one, or the one written aside.
 */
export function putInPlace(aside: string, path: string): void {
  makeFolder(dirname(path))
  sync(aside)
  renameSync(aside, path)
  sync(dirname(path))
}

/** Replaces a small file as a whole. */
export function replaceFile(path: string, contents: string): void {
  const aside = `${path}.new`
  const descriptor = openSync(aside, 'w')
  try {
    writeSync(descriptor, contents)
  } finally {
    closeSync(descriptor)
  }
  putInPlace(aside, path)
}
