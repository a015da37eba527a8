import { hash, timingSafeEqual } from 'node:crypto'

/**
 * What the database keeps of a secret with at least 128 random bits: nobody can search that space,
 * so it needs no slow hash. Passwords do: see password-hashing.ts.
 */
export const sha256 = (text: string): Uint8Array => hash('sha256', text, 'buffer')

/** Takes as long for a near miss as for a far one. */
export const sameHash = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && timingSafeEqual(a, b)
