import { createBytes, createUint32s, grown } from './columns.ts'
import { copyBytes, type Texts } from './text-bytes.ts'

/** Texts in the order in which they came. */
export type TextList = {
  /** How many there are. */
  readonly count: number
  /** @throws RangeError beyond 4 GiB of text */
  add(bytes: Uint8Array, from: number, to: number): void
  /** All so far; valid until the next is added. */
  texts(): Texts
  /** Forgets all, and keeps the memory for others. */
  clear(): void
}

const BYTES_MAX = 2 ** 32 - 1

/** @param expected about how many texts and bytes will come; it grows where more do */
export function createTextList(expected: {
  readonly texts: number
  readonly bytes: number
}): TextList {
  let bytes = createBytes(expected.bytes + 64)
  let starts = createUint32s(expected.texts + 2)
  let count = 0
  let used = 0
  return {
    get count() {
      return count
    },
    add(source, from, to) {
      const end = used + (to - from)
      if (end > bytes.length) {
        if (end > BYTES_MAX) throw new RangeError('a column of a file has more than 4 GiB of text')
        bytes = grown(bytes, end)
      }
      if (count + 2 > starts.length) starts = grown(starts, count + 2)
      copyBytes(source, from, to, bytes, used)
      used = end
      count += 1
      starts[count] = used
    },
    texts: () => ({ bytes, starts }),
    clear() {
      count = 0
      used = 0
    },
  }
}
