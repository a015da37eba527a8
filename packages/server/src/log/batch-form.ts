import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'

/**
 * How game events lie in a row of `event_batches`: JSON objects joined by commas, without outer
 * brackets, compressed where that pays. Each holds the event as it was sent, byte for byte.
 */
export type StoredEvent = {
  readonly offset: number
  readonly app: string
  readonly event_id: string
  readonly event_type: string
  readonly player_id: string | null
  readonly occurred_at: number
  readonly sent_at: number | null
  readonly received_at: number
  readonly corrected_at: number
  readonly flags: readonly string[]
  readonly sdk: string | null
  readonly source: string
  /** W3C traceparent; only of what is traced. */
  readonly trace?: string
  readonly event: unknown
}

/** Below this the frame costs more time than the smaller row saves. */
const COMPRESSED_BYTES_MIN = 4_096
/**
 * The fastest level: with commits of 50 events it takes less time than writing the plain text does
 * (3.3 µs an event to 4.7), in a seventh of the bytes.
 */
const FASTEST = { params: { [constants.ZSTD_c_compressionLevel]: 1 } }
/** The first bytes of a Zstandard frame; JSON begins otherwise. */
const ZSTD_MAGIC = 0xfd2f_b528

export function packBatch(text: string): Uint8Array {
  const plain = Buffer.from(text)
  return plain.length < COMPRESSED_BYTES_MIN ? plain : zstdCompressSync(plain, FASTEST)
}

/** The text that `packBatch` took, as UTF-8. */
export function unpackBatch(payload: Uint8Array): Buffer {
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength)
  const isPacked = bytes.length >= 4 && bytes.readUInt32LE(0) === ZSTD_MAGIC
  return isPacked ? zstdDecompressSync(bytes) : bytes
}

export const parseBatch = (payload: Uint8Array): readonly StoredEvent[] =>
  JSON.parse(`[${unpackBatch(payload)}]`)
