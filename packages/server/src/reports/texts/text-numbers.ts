import type { Texts } from './text-bytes.ts'
import { hashBytes } from './text-hash.ts'
import { createTextList } from './text-list.ts'

/** Distinct texts, numbered from 0 in the order in which they came. */
export type TextNumbers = {
  readonly count: number
  /** The number of bytes `from` to `to`; a new one when they were not met before. */
  numberOf(bytes: Uint8Array, from: number, to: number): number
  /**
   * The numbers of texts `from` to `to`, into the places from 0 on. Some hundred at once cost a third of
   * one by one among millions: what is looked at for them is waited for together.
   */
  numberAll(texts: Texts, from: number, to: number, numbers: Int32Array): void
  texts(): Texts
}

export type NumberedTexts = Texts & { readonly count: number }

/** @param expected about how many distinct texts will come, and of how many bytes together */
export function createTextNumbers(expected: {
  readonly texts: number
  readonly bytes: number
}): TextNumbers {
  const list = createTextList(expected)
  let { bytes: known, starts } = list.texts()
  const halves = new Int32Array(2)
  let hashes = new Int32Array(0)
  let candidates = new Int32Array(0)
  // A number plus 1, and its hash beside it, in the same line of a cache; three quarters full at most.
  let slots = new Int32Array(2 ** Math.ceil(Math.log2(expected.texts + 64)) * 2)

  const isSame = (number: number, bytes: Uint8Array, from: number, to: number): boolean => {
    const shift = (starts[number] as number) - from
    if ((starts[number + 1] as number) - shift !== to) return false
    const own = known
    for (let i = from; i < to; i += 1) if (bytes[i] !== own[i + shift]) return false
    return true
  }
  const spread = (): void => {
    const before = slots
    slots = new Int32Array(before.length * 2)
    const mask = slots.length - 1
    for (let from = 0; from < before.length; from += 2) {
      const [held, hash] = [before[from] as number, before[from + 1] as number]
      if (held === 0) continue
      let slot = (hash << 1) & mask
      while (slots[slot] !== 0) slot = (slot + 2) & mask
      slots[slot] = held
      slots[slot + 1] = hash
    }
  }

  const find = (bytes: Uint8Array, from: number, to: number, hash: number): number => {
    const mask = slots.length - 1
    let slot = (hash << 1) & mask
    for (let held = slots[slot] as number; held !== 0; held = slots[slot] as number) {
      if (slots[slot + 1] === hash && isSame(held - 1, bytes, from, to)) return held - 1
      slot = (slot + 2) & mask
    }
    const number = list.count
    list.add(bytes, from, to)
    ;({ bytes: known, starts } = list.texts())
    slots[slot] = number + 1
    slots[slot + 1] = hash
    if (list.count * 8 > slots.length * 3) spread()
    return number
  }
  /** Looks at what `find` will look at first for these hashes; the answer means nothing. */
  const touchAll = (count: number): number => {
    const mask = slots.length - 1
    let sum = 0
    for (let i = 0; i < count; i += 1) {
      const slot = ((hashes[i] as number) << 1) & mask
      const held = slots[slot] as number
      candidates[i] = held !== 0 && slots[slot + 1] === hashes[i] ? held - 1 : 0
    }
    for (let i = 0; i < count; i += 1) {
      candidates[i] = starts[candidates[i] as number] as number
    }
    for (let i = 0; i < count; i += 1) sum += known[candidates[i] as number] as number
    return sum
  }

  return {
    get count() {
      return list.count
    },
    numberOf(bytes, from, to) {
      hashBytes(bytes, from, to, halves, 0)
      return find(bytes, from, to, halves[0] as number)
    },
    numberAll({ bytes, starts: bounds }, from, to, numbers) {
      const count = to - from
      if (count > hashes.length) {
        hashes = new Int32Array(count)
        candidates = new Int32Array(count)
      }
      hashAll({ bytes, starts: bounds }, from, hashes.subarray(0, count))
      touchAll(count)
      for (let i = 0; i < count; i += 1) {
        const at = bounds[from + i] as number
        numbers[i] = find(bytes, at, bounds[from + i + 1] as number, hashes[i] as number)
      }
    },
    texts: () => list.texts(),
  }
}

function hashAll({ bytes, starts }: Texts, from: number, hashes: Int32Array): void {
  const halves = new Int32Array(2)
  for (let i = 0; i < hashes.length; i += 1) {
    const at = starts[from + i] as number
    hashBytes(bytes, at, starts[from + i + 1] as number, halves, 0)
    hashes[i] = halves[0] as number
  }
}
