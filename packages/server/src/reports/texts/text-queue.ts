import { copyBytes } from './text-bytes.ts'
import type { TextNumbers } from './text-numbers.ts'

/** Texts that wait to be numbered together, each for one row. */
export type TextQueue = {
  add(row: number, bytes: Uint8Array, from: number, to: number): void
  /** Numbers all that wait. */
  flush(): void
}

const TEXTS_MAX = 512
const BYTES = TEXTS_MAX * 32

/** @param take gets each row with its number, some time until the next `flush` */
export function createTextQueue(
  numbers: TextNumbers,
  take: (row: number, number: number) => void,
): TextQueue {
  const rows = new Int32Array(TEXTS_MAX)
  const found = new Int32Array(TEXTS_MAX)
  const starts = new Uint32Array(TEXTS_MAX + 1)
  let bytes = new Uint8Array(BYTES)
  let count = 0
  const flush = (): void => {
    numbers.numberAll({ bytes, starts }, 0, count, found)
    for (let i = 0; i < count; i += 1) take(rows[i] as number, found[i] as number)
    count = 0
  }
  return {
    add(row, source, from, to) {
      const used = starts[count] as number
      if (count === TEXTS_MAX || used + to - from > bytes.length) {
        flush()
        if (to - from > bytes.length) bytes = new Uint8Array((to - from) * 2)
      }
      const at = starts[count] as number
      copyBytes(source, from, to, bytes, at)
      rows[count] = row
      count += 1
      starts[count] = at + to - from
    },
    flush,
  }
}
