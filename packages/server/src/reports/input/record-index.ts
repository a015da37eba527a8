import type { Place } from './walk-file.ts'

const EVERY = 1_000

/** Every thousandth readable record's place, so that any record is near a known one. */
export type RecordIndex = {
  readonly count: number
  /** The next readable record, in file order. */
  add(offset: number, line: number): void
  /** The nearest known record at or before this one (ordinals count from 0). */
  before(ordinal: number): { readonly ordinal: number; readonly place: Place }
}

export function createRecordIndex(): RecordIndex {
  const offsets: number[] = []
  const lines: number[] = []
  let count = 0
  return {
    get count() {
      return count
    },
    add(offset, line) {
      if (count % EVERY === 0) {
        offsets.push(offset)
        lines.push(line)
      }
      count += 1
    },
    before(ordinal) {
      const at = Math.floor(ordinal / EVERY)
      const [offset, line] = [offsets[at], lines[at]]
      if (offset === undefined || line === undefined || ordinal >= count) {
        throw new RangeError(`there is no record ${ordinal}: the file has ${count}`)
      }
      return { ordinal: at * EVERY, place: { offset, line } }
    },
  }
}
