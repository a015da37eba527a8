/** A set of small whole numbers: a thousand players of one minute take 125 bytes. */
export type BitSet = {
  add(index: number): void
  size(): number
}

export function createBitSet(): BitSet {
  let words = new Uint32Array(4)
  let count = 0
  return {
    add(index) {
      const at = index >>> 5
      const bit = 1 << (index & 31)
      if (at >= words.length) {
        const larger = new Uint32Array(Math.max(at + 1, words.length * 2))
        larger.set(words)
        words = larger
      }
      const before = words[at] ?? 0
      if ((before & bit) !== 0) return
      words[at] = before | bit
      count += 1
    },
    size: () => count,
  }
}
