import { createHash } from 'node:crypto'
import type { Random } from '../platform/platform.ts'

/** The same bytes for the same seed, on every machine. Nothing for secrets that matter. */
export function createSeededRandom(seed: string): Random {
  let block = 0
  let waiting = Buffer.alloc(0)
  return {
    bytes(count) {
      while (waiting.length < count) {
        const next = createHash('sha256').update(`${seed}:${block}`).digest()
        waiting = Buffer.concat([waiting, next])
        block += 1
      }
      const bytes = waiting.subarray(0, count)
      waiting = waiting.subarray(count)
      return bytes
    },
  }
}
