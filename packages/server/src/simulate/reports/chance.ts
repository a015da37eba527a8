import { createSeededRandom } from '../seeded-random.ts'

/** A new 32-bit key with each call, the same ones in the same order for a seed. */
export function createKeys(seed: string): () => number {
  const random = createSeededRandom(seed)
  return () => random.bytes(4).readUInt32BE()
}

/**
 * 32 bits that depend on these two numbers only (the finaliser of MurmurHash3). Whatever is drawn so
 * can be drawn again at any time and in any order, which is how files of any size need no memory.
 */
export function mix(value: number, key: number): number {
  let h = Math.imul(value ^ key, 0x9e3779b1)
  h ^= h >>> 16
  h = Math.imul(h, 0x85ebca6b)
  h ^= h >>> 13
  h = Math.imul(h, 0xc2b2ae35)
  h ^= h >>> 16
  return h >>> 0
}

/** 32 random bits → a whole number from 0 to `count` − 1. */
export const below = (bits: number, count: number): number =>
  Math.floor((bits / 0x1_0000_0000) * count)

/**
 * Every whole number below `count` once, in an order that looks shuffled: steps of about 0.4 to 0.6
 * of the whole, coprime to it. One addition each, and no memory.
 */
export function createWalk(count: number, key: number): () => number {
  let step = Math.max(1, Math.floor(count * (0.382 + 0.236 * (key / 0x1_0000_0000))))
  while (divisor(step, count) > 1) step += 1
  let at = key % count
  return () => {
    const index = at
    at += step
    if (at >= count) at -= count
    return index
  }
}

const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b))
