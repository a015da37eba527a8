import { createOutcome, type Outcome, readOutcome, TYPE, TYPES } from './outcomes.ts'
import type { SpillFile } from './spill-file.ts'

/** Orders outcomes of different parts; below 0 when `a` comes first, never 0. */
export type CompareOutcomes = (a: Outcome, b: Outcome) => number

type Head = { readonly outcome: Outcome; advance(): boolean }

/**
 * The outcomes of all parts, of these types, in one order in which each stream is already.
 * @yields the same outcome again and again, with what it is now
 */
export function* mergeOutcomes(
  file: SpillFile,
  parts: number,
  types: readonly number[],
  compare: CompareOutcomes,
): Generator<Outcome, void, undefined> {
  const heads: Head[] = []
  for (let part = 0; part < parts; part += 1) {
    for (const type of types) {
      const head = openHead(file, part, type)
      if (head.advance()) heads.push(head)
    }
  }
  for (let at = (heads.length >> 1) - 1; at >= 0; at -= 1) sink(heads, at, compare)
  for (let [first] = heads; first !== undefined; [first] = heads) {
    yield first.outcome
    if (!first.advance()) {
      const last = heads.pop()
      if (last === undefined || last === first) continue
      heads[0] = last
    }
    sink(heads, 0, compare)
  }
}

function openHead(file: SpillFile, part: number, type: number): Head {
  const reader = file.read(part * TYPES + type)
  const outcome = createOutcome(part, type)
  return {
    outcome,
    advance() {
      if (!reader.next()) return false
      readOutcome(reader, outcome)
      return true
    },
  }
}

/** Brings the head at `from` below all that come before it: a heap whose first comes first. */
function sink(heads: Head[], from: number, compare: CompareOutcomes): void {
  const own = heads[from] as Head
  let at = from
  for (;;) {
    let child = 2 * at + 1
    if (child >= heads.length) break
    const [left, right] = [heads[child] as Head, heads[child + 1]]
    if (right !== undefined && compare(right.outcome, left.outcome) < 0) child += 1
    const least = heads[child] as Head
    if (compare(own.outcome, least.outcome) <= 0) break
    heads[at] = least
    at = child
  }
  heads[at] = own
}

/**
 * Row order over parts. Rows of two parts are of two players, so that what orders a part beyond the player
 * is not asked.
 * @param keyRanks by kind: the place of its campaign key among all
 * @param readPlayer as it stands in the file, by the place of its record
 */
export function rowOrder(
  keyRanks: Int32Array,
  readPlayer: (outcome: Outcome) => string,
): CompareOutcomes {
  const comparePlayers = (a: Outcome, b: Outcome): number =>
    a.isOdd || b.isOdd
      ? Buffer.compare(Buffer.from(readPlayer(a)), Buffer.from(readPlayer(b)))
      : compareSpans(a, a.playerFrom, a.receiptFrom, b, b.playerFrom, b.receiptFrom)
  const keyRank = ({ type, kind }: Outcome): number =>
    type === TYPE.confirmedOnly ? 0 : (keyRanks[kind] as number)
  return (a, b) =>
    a.instant - b.instant ||
    (a.part === b.part && a.type !== TYPE.confirmedOnly && b.type !== TYPE.confirmedOnly
      ? a.id - b.id
      : a.micros - b.micros ||
        compareReceipts(a, b) ||
        keyRank(a) - keyRank(b) ||
        comparePlayers(a, b))
}

/** Details are sorted by instant, then type, then row order. */
export const detailOrder =
  (inRows: CompareOutcomes): CompareOutcomes =>
  (a, b) =>
    a.instant - b.instant || a.type - b.type || inRows(a, b)

/** By bytes, an empty one last. */
function compareReceipts(a: Outcome, b: Outcome): number {
  const isEmpty = (one: Outcome): boolean => one.receiptFrom === one.partnerFrom
  if (isEmpty(a) || isEmpty(b)) return Number(isEmpty(a)) - Number(isEmpty(b))
  return compareSpans(a, a.receiptFrom, a.partnerFrom, b, b.receiptFrom, b.partnerFrom)
}

function compareSpans(
  a: Outcome,
  from: number,
  to: number,
  b: Outcome,
  otherFrom: number,
  otherTo: number,
): number {
  const length = Math.min(to - from, otherTo - otherFrom)
  for (let i = 0; i < length; i += 1) {
    const difference = (a.bytes[from + i] as number) - (b.bytes[otherFrom + i] as number)
    if (difference !== 0) return difference
  }
  return to - from - (otherTo - otherFrom)
}
