import type { Part } from './part.ts'

type LogMark = readonly [offset: number, part: number]

/** How far a partition of `events-raw` was seen, by its own offsets and by those of the log. */
type Mark = {
  readonly offset: number
  readonly part: number
  /** Of the books that came last. */
  readonly logOffset: number
  readonly logPart: number
  /** Which these are; none while nobody has said it. */
  readonly books?: string
  /** Of those before. */
  readonly others?: Readonly<Record<string, LogMark>>
}

const NOTHING: Mark = { offset: -1, part: -1, logOffset: -1, logPart: -1 }

/**
 * What a partition of `events-by-player` has brought already. Whoever writes there begins, after a
 * crash, at or before what was written, and goes on in order: so of each raw partition a record is new
 * exactly when it lies behind all before it. The same holds for the relay and the offsets of the log,
 * of each books for themselves.
 */
export function createSeen(text: string) {
  const marks = new Map<number, Mark>(text === '' ? [] : JSON.parse(text))
  return {
    /** Whether it is new; from then on it is not. */
    add(part: Part): boolean {
      const [from, offset] = part.raw
      const before = marks.get(from) ?? NOTHING
      if (!isBehind(offset, part.part, before.offset, before.part)) return false
      const log = 'stored' in part ? part.stored.offset : undefined
      const mark = log === undefined ? before : ofBooks(before, part.books)
      const isNew = log === undefined || isBehind(log, part.part, mark.logOffset, mark.logPart)
      const moved = isNew && log !== undefined ? { logOffset: log, logPart: part.part } : {}
      marks.set(from, { ...mark, ...moved, offset, part: part.part })
      return isNew
    },
    text: (): string => JSON.stringify([...marks]),
  }
}

/** The mark as the books see it, whose name a relay of a version before did not say. */
function ofBooks(mark: Mark, books: string | undefined): Mark {
  if (books === undefined || mark.books === books) return mark
  if (mark.books === undefined) return { ...mark, books }
  const { [books]: own = [-1, -1], ...rest } = mark.others ?? {}
  const others = { ...rest, [mark.books]: [mark.logOffset, mark.logPart] as const }
  return { ...mark, books, others, logOffset: own[0], logPart: own[1] }
}

const isBehind = (offset: number, part: number, lastOffset: number, lastPart: number): boolean =>
  offset > lastOffset || (offset === lastOffset && part > lastPart)

export type Seen = ReturnType<typeof createSeen>
