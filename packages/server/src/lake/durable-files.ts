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
export function makeFolder(folder: string): void {
  const first = mkdirSync(folder, { recursive: true })
  if (first === undefined) return
  for (let made = folder; made.length >= first.length; made = dirname(made)) sync(dirname(made))
}

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
  makeFolder(dirname(path))
  const aside = `${path}.new`
  const descriptor = openSync(aside, 'w')
  try {
    writeSync(descriptor, contents)
  } finally {
    closeSync(descriptor)
  }
  putInPlace(aside, path)
}
