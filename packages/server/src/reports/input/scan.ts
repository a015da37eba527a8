import type { BigIntStats } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { type Delimiter, type Header, headerOf, openCsv } from './header.ts'
import { InputError } from './input-error.ts'
import { type CopySettings, type ReadableCopy, writeReadableCopy } from './readable-copy.ts'
import type { Walk } from './record-walk.ts'
import { type SurveySettings, survey } from './survey.ts'
import { RECORD_BYTES_MAX, type UnreadableRecord } from './unreadable.ts'
import { windowFor } from './walk-file.ts'

/** Reads of 1 MiB stay in a processor's second cache, where three more looks at them are cheap. */
const CHUNK_BYTES = 1_048_576

export type ScanSettings = {
  /** A folder of this run for a readable copy, when one is needed. */
  readonly scratchDir: string
  /** Each record that cannot be read, in file order; a promise is waited for. */
  readonly onUnreadable: (record: UnreadableRecord) => void | Promise<void>
  /**
   * Each readable record where it lies in `bytes`, in file order. Both are used again for the next: a
   * taker keeps nothing of them.
   */
  readonly onRecord?: (record: Walk, bytes: Buffer) => void
  /**
   * The file is read again from its first record: what `onRecord` saw is void. Once at most, and before
   * the first `onUnreadable`.
   */
  readonly onRestart?: () => void | Promise<void>
  /** Bytes read so far, of so many; the total doubles when the file must be read a second time. */
  readonly onProgress?: ((bytes: number, total: number) => void) | undefined
  readonly signal?: AbortSignal | undefined
  /** For tests, so that small files reach the edges. */
  readonly limits?: { readonly chunkBytes: number; readonly recordBytesMax: number }
}

/** One CSV file whose structure is known, and how DuckDB reads its readable records. */
export type ScannedCsv = {
  readonly path: string
  /** Of the original bytes, in hex. */
  readonly sha256: string
  readonly bytes: number
  readonly header: readonly string[]
  /** Readable records, behind the header: `onRecord` saw as many since the file was last begun. */
  readonly records: number
  readonly unreadable: number
  /** A quote fault was met, so that every line was read for itself. */
  readonly byLine: boolean
  /**
   * What the engine reads, strictly (`readCsvSql`): the file itself, or a copy of its readable records
   * in `scratchDir`. Either begins with a line that is none of them.
   */
  readonly readPath: string
  readonly delimiter: Delimiter
  /** False where a cell holds a line break: no part of the file can be read without its beginning. */
  readonly parallel: boolean
  /** @throws InputError when the file is another one than was scanned, or was written to since */
  assertUnchanged(): Promise<void>
}

/**
 * Reads a file's bytes once and finds its structure: delimiter, header, records, what cannot be
 * read, and the hash. A file that DuckDB would read in another way is read a second time, and its
 * readable records are copied. Memory is a few MiB whatever the file's size.
 * @throws InputError when the file cannot be read or is no CSV text in UTF-8
 */
export async function scanCsv(path: string, settings: ScanSettings): Promise<ScannedCsv> {
  const file = await openCsv(path)
  try {
    const before = await identityOf(file)
    const fileBytes = Number(before.size)
    const header = await headerOf(file, path, fileBytes)
    const walking = walkSettings(settings, fileBytes)
    const surveyed = await survey(file, header, walking)
    if (!surveyed.regular) await settings.onRestart?.()
    const taken = surveyed.regular
      ? { ...surveyed, unreadable: 0, readPath: path }
      : await copyReadable(file, path, header, {
          ...settings,
          ...walking,
          byLine: surveyed.quoteFault,
        })
    const { records, unreadable, multiline, readPath } = taken
    const scanned: ScannedCsv = {
      path,
      sha256: surveyed.sha256,
      bytes: surveyed.bytes,
      header: header.cells,
      records,
      unreadable,
      byLine: surveyed.quoteFault,
      readPath,
      delimiter: header.delimiter,
      parallel: !multiline,
      assertUnchanged: () => assertSame(path, before),
    }
    await scanned.assertUnchanged()
    return scanned
  } finally {
    await file.close()
  }
}

function walkSettings(settings: ScanSettings, fileBytes: number): SurveySettings {
  const limits = settings.limits ?? { chunkBytes: CHUNK_BYTES, recordBytesMax: RECORD_BYTES_MAX }
  const sizes = { ...limits, fileBytes }
  let done = 0
  const onBytes = (bytes: number): void => {
    done += bytes
    settings.onProgress?.(done, done > fileBytes ? fileBytes * 2 : fileBytes)
  }
  const { onRecord = () => undefined } = settings
  return { ...sizes, window: windowFor(sizes), signal: settings.signal, onBytes, onRecord }
}

async function copyReadable(
  file: FileHandle,
  path: string,
  header: Header,
  settings: CopySettings & { readonly scratchDir: string },
): Promise<ReadableCopy & { readonly readPath: string }> {
  const readPath = join(settings.scratchDir, `readable-${basename(path)}`)
  return { ...(await writeReadableCopy(file, header, readPath, settings)), readPath }
}

/** What tells a file from another one under its name, and from itself with other bytes. */
type Identity = Pick<BigIntStats, 'dev' | 'ino' | 'size' | 'mtimeNs' | 'ctimeNs'>

function identityOf(file: FileHandle): Promise<Identity> {
  return file.stat({ bigint: true })
}

async function assertSame(path: string, before: Identity): Promise<void> {
  const file = await openCsv(path)
  try {
    const now = await identityOf(file)
    const same = (['dev', 'ino', 'size', 'mtimeNs', 'ctimeNs'] as const).every(
      (part) => now[part] === before[part],
    )
    if (!same) throw new InputError(`${path} was changed while it was read; run again`)
  } finally {
    await file.close()
  }
}
