import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { createGunzip } from 'node:zlib'
import { readParquetLines } from './parquet-lines.ts'

/** Of the bytes that a file begins with. */
const GZIP = Buffer.from([0x1f, 0x8b])
const PARQUET = Buffer.from('PAR1')
const NEWLINE = 0x0a

/** A file that cannot be read, or not to its end. */
export class UnreadableFileError extends Error {}

/**
 * The lines of a file in pieces, each a few hundred, as bytes without their line ends: of NDJSON, plain
 * or gzip, and the rows of a Parquet file as JSON. What a file is, its first bytes say.
 * @throws UnreadableFileError
 */
export async function* readLines(path: string): AsyncGenerator<readonly Buffer[]> {
  try {
    const magic = await firstBytes(path)
    if (magic.equals(PARQUET)) yield* readParquetLines(path)
    else yield* splitLines(bytesOf(path, magic.subarray(0, 2).equals(GZIP)))
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.split('\n')[0] : String(cause)
    throw new UnreadableFileError(`${path} cannot be read: ${why}`, { cause })
  }
}

async function firstBytes(path: string): Promise<Buffer> {
  const file = await open(path)
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}

/** Ends with the error of whichever of the two breaks: a pipe alone would wait for ever. */
function bytesOf(path: string, isPacked: boolean): AsyncIterable<Buffer> {
  const file = createReadStream(path, { highWaterMark: 256 * 1_024 })
  if (!isPacked) return file
  const inflated = createGunzip()
  file.on('error', (error) => inflated.destroy(error))
  return file.pipe(inflated)
}

/** The last line may have no end. */
async function* splitLines(pieces: AsyncIterable<Buffer>): AsyncGenerator<readonly Buffer[]> {
  let rest: Buffer[] = []
  for await (const piece of pieces) {
    const lines: Buffer[] = []
    let start = 0
    for (let end = piece.indexOf(NEWLINE); end >= 0; end = piece.indexOf(NEWLINE, start)) {
      const line = piece.subarray(start, end)
      lines.push(rest.length === 0 ? line : Buffer.concat([...rest, line]))
      rest = []
      start = end + 1
    }
    if (start < piece.length) rest.push(piece.subarray(start))
    if (lines.length > 0) yield lines
  }
  if (rest.length > 0) yield [Buffer.concat(rest)]
}
