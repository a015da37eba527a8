import { wordAt } from './common-shapes.ts'

/** The distinct byte strings seen, without making a string of each row's. */
export type ByteDictionary = {
  /** Remembers bytes `from` to `to`. */
  see(bytes: Buffer, from: number, to: number): void
  /** All that was seen, as UTF-8 text. */
  texts(): readonly string[]
}

/** A handful of campaigns in millions of rows: no row's bytes become a string of their own. */
export function createByteDictionary(): ByteDictionary {
  const seen: Buffer[] = []
  let slots = new Int32Array(1_024)

  const find = (bytes: Buffer, from: number, to: number): number => {
    const mask = slots.length - 1
    let slot = hash(bytes, from, to) & mask
    for (;;) {
      const entry = slots[slot] as number
      if (entry === 0 || isSame(seen[entry - 1] as Buffer, bytes, from, to)) return slot
      slot = (slot + 1) & mask
    }
  }
  const grow = (): void => {
    slots = new Int32Array(slots.length * 4)
    seen.forEach((entry, index) => {
      slots[find(entry, 0, entry.length)] = index + 1
    })
  }

  return {
    see(bytes, from, to) {
      const slot = find(bytes, from, to)
      if (slots[slot] !== 0) return
      slots[slot] = seen.push(Buffer.from(bytes.subarray(from, to)))
      if (seen.length * 2 > slots.length) grow()
    },
    texts: () => seen.map((entry) => entry.toString()),
  }
}

/** FNV-1a, by words of four bytes. */
function hash(bytes: Buffer, from: number, to: number): number {
  let value = 0x811c9dc5 ^ (to - from)
  let at = from
  for (; at + 4 <= to; at += 4) value = mixed(value ^ wordAt(bytes, at))
  let rest = 0
  for (; at < to; at += 1) rest = (rest << 8) | (bytes[at] as number)
  return mixed(value ^ rest)
}

/** The high bits, which a product mixes best, come down to the low ones. */
function mixed(value: number): number {
  const product = Math.imul(value, 0x01000193)
  return product ^ (product >>> 15)
}

function isSame(entry: Buffer, bytes: Buffer, from: number, to: number): boolean {
  if (entry.length !== to - from) return false
  for (let at = 0; at < entry.length; at += 1) {
    if (entry[at] !== bytes[from + at]) return false
  }
  return true
}
