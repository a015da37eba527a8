import type { Part } from './part.ts'

/** How far a partition of `events-raw` was seen, by its own offsets and by those of the log. */
type Mark = {
  readonly offset: number
  readonly part: number
  readonly logOffset: number
  readonly logPart: number
}

const NOTHING: Mark = { offset: -1, part: -1, logOffset: -1, logPart: -1 }

/**
 * What a partition of `events-by-player` has brought already. Whoever writes there begins, after a
 * crash, at or before what was written, and goes on in order: so of each raw partition a record is new
 * exactly when it lies behind all before it. The same holds for the relay and the offsets of the log.
 */
export function createSeen(text: string) {
  const marks = new Map<number, Mark>(text === '' ? [] : JSON.parse(text))
  return {
    /** Whether it is new; from then on it is not. */
    add(part: Part): boolean {
      const [from, offset] = part.raw
      const mark = marks.get(from) ?? NOTHING
      if (!isBehind(offset, part.part, mark.offset, mark.part)) return false
      const log = 'stored' in part ? part.stored.offset : undefined
      const isNew = log === undefined || isBehind(log, part.part, mark.logOffset, mark.logPart)
      marks.set(from, {
        ...{ offset, part: part.part },
        logOffset: isNew && log !== undefined ? log : mark.logOffset,
        logPart: isNew && log !== undefined ? part.part : mark.logPart,
      })
      return isNew
    },
    text: (): string => JSON.stringify([...marks]),
  }
}

const isBehind = (offset: number, part: number, lastOffset: number, lastPart: number): boolean =>
  offset > lastOffset || (offset === lastOffset && part > lastPart)

export type Seen = ReturnType<typeof createSeen>
