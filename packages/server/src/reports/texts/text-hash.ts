/** Four bytes as one number: comparing and hashing them at once takes half the time. */
export function wordAt(bytes: Uint8Array, at: number): number {
  const low = (bytes[at] as number) | ((bytes[at + 1] as number) << 8)
  return low | ((bytes[at + 2] as number) << 16) | ((bytes[at + 3] as number) << 24)
}

/**
 * A hash of bytes `from` to `to` as two halves of 32 bits, into `halves` from place `at` on; never
 * both 0. Two chains of MurmurHash3 with constants of their own.
 */
export function hashBytes(
  bytes: Uint8Array,
  from: number,
  to: number,
  halves: Int32Array,
  at: number,
): void {
  let low = to - from
  let high = 0x2545f491
  for (let i = from; i < to; i += 4) {
    const word = i + 4 <= to ? wordAt(bytes, i) : restAt(bytes, i, to)
    low = chained(low, Math.imul(scrambled(word, 0xcc9e2d51), 0x1b873593))
    high = chained(high, Math.imul(scrambled(word, 0x239b961b), 0x38b34ae5))
  }
  const end = finished(low)
  halves[at] = end
  halves[at + 1] = finished(high ^ end) || 1
}

function restAt(bytes: Uint8Array, from: number, to: number): number {
  let word = 0
  for (let i = from; i < to; i += 1) word = (word << 8) | (bytes[i] as number)
  return word
}

function scrambled(word: number, factor: number): number {
  const product = Math.imul(word, factor)
  return (product << 15) | (product >>> 17)
}

function chained(hash: number, word: number): number {
  const mixed = hash ^ word
  return (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe6546b64) | 0
}

function finished(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return mixed ^ (mixed >>> 16)
}

/** The hash of the text that was taken last; never both halves 0. */
export type TextHash = {
  readonly low: number
  readonly high: number
  take(bytes: Uint8Array, from: number, to: number): void
}

export function createTextHash(): TextHash {
  const halves = new Int32Array(2)
  return {
    get low() {
      return halves[0] as number
    },
    get high() {
      return halves[1] as number
    },
    take: (bytes, from, to) => hashBytes(bytes, from, to, halves, 0),
  }
}
