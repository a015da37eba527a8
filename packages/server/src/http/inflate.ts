import { promisify } from 'node:util'
import {
  brotliDecompress,
  brotliDecompressSync,
  constants,
  gunzip,
  gunzipSync,
  inflateRaw,
  inflateRawSync,
  inflateSync,
  inflate as inflateZlib,
  type ZlibOptions,
  zstdDecompress,
  zstdDecompressSync,
} from 'node:zlib'
import { CONTENT_ENCODINGS, type ContentEncoding, ProblemError } from '@questline/contracts'

export const isCoding = (text: string): text is ContentEncoding =>
  CONTENT_ENCODINGS.some((coding) => coding === text)

type Options = Pick<ZlibOptions, 'maxOutputLength'>
type Inflater = {
  readonly sync: (bytes: Buffer, options: Options) => Buffer
  readonly async: (bytes: Buffer, options: Options) => Promise<Buffer>
}

/** RFC 9659: a frame may ask for a window of 8 MiB, and so for as much memory. */
const WINDOW = { params: { [constants.ZSTD_d_windowLogMax]: 23 } }

const INFLATERS: Readonly<Record<ContentEncoding | 'raw-deflate', Inflater>> = {
  gzip: { sync: gunzipSync, async: promisify<Buffer, Options, Buffer>(gunzip) },
  deflate: { sync: inflateSync, async: promisify<Buffer, Options, Buffer>(inflateZlib) },
  'raw-deflate': { sync: inflateRawSync, async: promisify<Buffer, Options, Buffer>(inflateRaw) },
  br: { sync: brotliDecompressSync, async: promisify<Buffer, Options, Buffer>(brotliDecompress) },
  zstd: {
    sync: (bytes, options) => zstdDecompressSync(bytes, { ...WINDOW, ...options }),
    async: (bytes, options) =>
      promisify<Buffer, object, Buffer>(zstdDecompress)(bytes, { ...WINDOW, ...options }),
  },
}

/** A larger body is inflated on another thread, so that nobody waits behind it; a smaller one is there sooner. */
const ON_THIS_THREAD_BYTES_MAX = 32 * 1_024

/**
 * What `bytes` were before they were compressed.
 * @param max how many bytes that may be; no more is ever held
 * @throws ProblemError `body-too-large`, or `malformed-body` for what is no such data
 */
export async function inflate(
  bytes: Buffer,
  coding: ContentEncoding,
  max: number,
): Promise<Buffer> {
  const isRaw = coding === 'deflate' && !hasZlibHeader(bytes)
  const inflater = INFLATERS[isRaw ? 'raw-deflate' : coding]
  const options = { maxOutputLength: max }
  try {
    return bytes.length <= ON_THIS_THREAD_BYTES_MAX
      ? inflater.sync(bytes, options)
      : await inflater.async(bytes, options)
  } catch (cause) {
    if (isTooLarge(cause)) {
      throw new ProblemError('body-too-large', {
        detail: `At most ${max} bytes once inflated.`,
        cause,
      })
    }
    throw new ProblemError('malformed-body', { detail: `It is no ${coding} data.`, cause })
  }
}

/** RFC 1950. Some senders leave this frame out and still say `deflate`. */
const hasZlibHeader = (bytes: Buffer): boolean =>
  bytes.length >= 2 && ((bytes[0] ?? 0) & 0x0f) === 8 && bytes.readUInt16BE(0) % 31 === 0

const isTooLarge = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE'
