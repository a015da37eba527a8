import { createHash } from 'node:crypto'
import type { BigIntStats } from 'node:fs'
import { type FileHandle, stat } from 'node:fs/promises'
import { type Delimiter, type Header, headerOf, openCsv } from './header.ts'
import { fileFailure, InputError } from './input-error.ts'
import { type ReadSettings, readRecords } from './read-records.ts'
import { RECORD_BYTES_MAX } from './unreadable.ts'
import { windowFor } from './walk-file.ts'

/** Reads of 1 MiB stay in a processor's second cache, where three more looks at them are cheap. */
const CHUNK_BYTES = 1_048_576

export type ScanSettings = Pick<ReadSettings, 'onUnreadable' | 'signal'> & {
  /** Each readable record, as `ReadSettings` has it. */
  readonly onRecord?: ReadSettings['onRecord']
  /**
   * The first record comes next, of a file of so many bytes; a second time after a quote fault, and
   * what was handed over before is void then.
   */
  readonly onBegin?: (fileBytes: number) => void | Promise<void>
  /** Bytes read so far, of so many; the total doubles when the file must be read a second time. */
  readonly onProgress?: ((bytes: number, total: number) => void) | undefined
  /** For tests, so that small files reach the edges. */
  readonly limits?: { readonly chunkBytes: number; readonly recordBytesMax: number }
}

/** One CSV file that was read. */
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
  readonly delimiter: Delimiter
  /** What tells the file from another one under its name, and from itself with other bytes. */
  readonly identity: FileIdentity
}

/**
 * Reads a file's bytes once and hands over its records: readable ones where they lie, the others with
 * the reason. A file with a quote fault is read a second time, line by line. Memory is a few MiB
 * whatever the file's size.
 * @throws InputError when the file cannot be read or is no CSV text in UTF-8
 */
export async function scanCsv(path: string, settings: ScanSettings): Promise<ScannedCsv> {
  const file = await openCsv(path)
  try {
    const identity = identityOf(await file.stat({ bigint: true }))
    const fileBytes = Number(identity.size)
    const header = await headerOf(file, path, fileBytes)
    const hash = createHash('sha256').update(await bytesBefore(file, header.data.offset))
    let bytes = header.data.offset
    const pass = (byLine: boolean) => {
      const reading = readSettings(settings, header, fileBytes, byLine)
      const { onBytes } = reading
      const hashed = (read: Buffer): void => {
        hash.update(read)
        bytes += read.length
        onBytes(read)
      }
      return readRecords(file, header, byLine, byLine ? reading : { ...reading, onBytes: hashed })
    }
    await settings.onBegin?.(fileBytes)
    let found = await pass(false)
    const { isFaulty: byLine } = found
    if (byLine) {
      await settings.onBegin?.(fileBytes)
      found = await pass(true)
    }
    const scanned: ScannedCsv = {
      ...{ path, identity, sha256: hash.digest('hex'), bytes },
      ...{ header: header.cells, delimiter: header.delimiter },
      ...{ records: found.records, unreadable: found.unreadable, byLine },
    }
    await assertUnchanged(scanned)
    return scanned
  } finally {
    await file.close()
  }
}

function readSettings(
  settings: ScanSettings,
  header: Header,
  fileBytes: number,
  isSecond: boolean,
): ReadSettings {
  const limits = settings.limits ?? { chunkBytes: CHUNK_BYTES, recordBytesMax: RECORD_BYTES_MAX }
  const sizes = { ...limits, fileBytes }
  const { onRecord = () => undefined, onUnreadable, signal } = settings
  let done = header.data.offset + (isSecond ? fileBytes : 0)
  const onBytes = (read: Buffer): void => {
    done += read.length
    settings.onProgress?.(done, isSecond ? fileBytes * 2 : fileBytes)
  }
  return { ...sizes, window: windowFor(sizes), signal, onRecord, onUnreadable, onBytes }
}

async function bytesBefore(file: FileHandle, offset: number): Promise<Buffer> {
  const bytes = Buffer.alloc(offset)
  for (let filled = 0; filled < offset; ) {
    const { bytesRead } = await file.read(bytes, filled, offset - filled, filled)
    if (bytesRead === 0) throw new Error('the file became shorter while it was read')
    filled += bytesRead
  }
  return bytes
}

export type FileIdentity = Readonly<
  Pick<BigIntStats, 'dev' | 'ino' | 'size' | 'mtimeNs' | 'ctimeNs'>
>

const identityOf = ({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): FileIdentity => ({
  dev,
  ino,
  size,
  mtimeNs,
  ctimeNs,
})

/** @throws InputError when the file is another one than was scanned, or was written to since */
export async function assertUnchanged({
  path,
  identity,
}: Pick<ScannedCsv, 'path' | 'identity'>): Promise<void> {
  const now = await stat(path, { bigint: true }).catch((error: unknown) => {
    throw fileFailure(path, error)
  })
  const same = (['dev', 'ino', 'size', 'mtimeNs', 'ctimeNs'] as const).every(
    (part) => now[part] === identity[part],
  )
  if (!same) throw new InputError(`${path} was changed while it was read; run again`)
}
