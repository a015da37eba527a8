import { randomBytes } from 'node:crypto'

/** A source of cryptographic randomness. Tests pass a seeded one. */
export type Random = { bytes(count: number): Buffer }

const POOL_BYTES = 8_192

/** The system's generator, read in blocks: one call per id would cost a microsecond each. */
export function systemRandom(): Random {
  let pool = Buffer.alloc(0)
  let used = 0
  return {
    bytes(count) {
      if (count > POOL_BYTES) return randomBytes(count)
      if (used + count > pool.length) {
        pool = randomBytes(POOL_BYTES)
        used = 0
      }
      used += count
      return pool.subarray(used - count, used)
    },
  }
}

/** Unguessable text for secrets and ids: 8 bits per byte, URL-safe. */
export const randomText = (random: Random, bytes: number): string =>
  random.bytes(bytes).toString('base64url')
