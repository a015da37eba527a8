import type { PurchaseRows, Rows, RowTexts } from '../clean/clean.ts'
import { MARK } from '../clean/clean.ts'
import type { Matches, Sides } from '../reconciliation/reconciliation.ts'
import { copyBytes, type Texts } from '../texts/texts.ts'
import type { SpillFile, SpillReader } from './spill-file.ts'

/** What became of a row, in the order in which details of one instant are sorted. */
export const TYPE = { afOnly: 0, confirmedOnly: 1, matched: 2 } as const
export const TYPES = 3

/** The kept rows of one part, matched, in row order. */
export type MatchedPart = {
  readonly part: number
  readonly sides: Sides & { readonly purchases: PurchaseRows }
  readonly matches: Matches
  readonly texts: Readonly<Record<'purchases' | 'confirmations', RowTexts>>
  /** By row of the file: where its record starts. */
  readonly places: Readonly<Record<'purchases' | 'confirmations', ArrayLike<number>>>
  /** Some id of a side is not the very text that was read. */
  readonly areOdd: Readonly<Record<'purchases' | 'confirmations', boolean>>
}

/** Before the texts of an outcome: six numbers of 32 bits, and six doubles. */
const OUTCOME_BYTES = 72

/** One outcome as it is read; used again for the next. */
export type Outcome = {
  readonly part: number
  readonly type: number
  kind: number
  /** {@link MARK}s of a purchase. */
  marks: number
  rule: number
  flags: number
  isOdd: boolean
  instant: number
  micros: number
  /** Of its confirmation; NaN without. */
  partnerInstant: number
  partnerMicros: number
  place: number
  /** Of purchases over all parts, of confirmations within one: in row order within a part. */
  id: number
  bytes: Uint8Array
  /** The player stands from here to `receiptFrom`, the receipt to `partnerFrom`, that of its confirmation to `end`. */
  playerFrom: number
  receiptFrom: number
  partnerFrom: number
  end: number
}

const ODD_BIT = 8
const RULE_SHIFT = 3
const FLAGS_SHIFT = 5
/** What a bit field of three flags may hold. */
const THREE_BITS = 7

export const createOutcome = (part: number, type: number): Outcome => ({
  ...{ part, type, kind: 0, marks: 0, rule: 0, flags: 0, isOdd: false, instant: 0, micros: 0 },
  ...{ partnerInstant: 0, partnerMicros: 0, place: 0, id: 0, bytes: new Uint8Array(0) },
  ...{ playerFrom: 0, receiptFrom: 0, partnerFrom: 0, end: 0 },
})

export function readOutcome(
  { slot: { at, ints, doubles, bytes } }: SpillReader,
  to: Outcome,
): void {
  const [int, double] = [at >> 2, at >> 3]
  const bits = ints[int + 5] as number
  to.kind = ints[int + 1] as number
  to.marks = bits & THREE_BITS
  to.rule = (bits >> RULE_SHIFT) & 3
  to.flags = (bits >> FLAGS_SHIFT) & THREE_BITS
  to.isOdd = bits >> ODD_BIT === 1
  to.instant = doubles[double + 3] as number
  to.micros = doubles[double + 4] as number
  to.partnerInstant = doubles[double + 5] as number
  to.partnerMicros = doubles[double + 6] as number
  to.place = doubles[double + 7] as number
  to.id = doubles[double + 8] as number
  to.bytes = bytes
  to.playerFrom = at + OUTCOME_BYTES
  to.receiptFrom = to.playerFrom + (ints[int + 2] as number)
  to.partnerFrom = to.receiptFrom + (ints[int + 3] as number)
  to.end = to.partnerFrom + (ints[int + 4] as number)
}

/**
 * Spills the kept purchases of a part, each into the stream of its part and type.
 * @param onKept gets the rank of each with its id
 * @returns the id of the next
 */
export function spillPurchases(
  file: SpillFile,
  matched: MatchedPart,
  firstId: number,
  onKept: (rank: number, id: number) => void,
): number {
  const { sides, matches, texts, places, part } = matched
  const { purchases, confirmations, purchaseMarks } = sides
  const put = createPutting(file, purchases, texts.purchases, places.purchases)
  const odd = Number(matched.areOdd.purchases) << ODD_BIT
  let id = firstId
  for (let rank = 0; rank < purchases.count; rank += 1) {
    const marks = purchaseMarks[rank] as number
    if (marks & MARK.duplicate) continue
    const partner = matches.confirmations[rank] as number
    const type = partner < 0 ? TYPE.afOnly : TYPE.matched
    const rule = (matches.rules[rank] as number) << RULE_SHIFT
    const flags = (matches.flags[rank] as number) << FLAGS_SHIFT
    const row = partner < 0 ? -1 : (texts.confirmations.order[partner] as number)
    const { at, ints, doubles } = put(
      part * TYPES + type,
      rank,
      id,
      texts.confirmations.receipts,
      row,
    )
    ints[(at >> 2) + 1] = purchases.kinds[rank] as number
    ints[(at >> 2) + 5] = marks | rule | flags | odd
    const double = at >> 3
    doubles[double + 5] = partner < 0 ? Number.NaN : (confirmations.instants[partner] as number)
    doubles[double + 6] = partner < 0 ? Number.NaN : (confirmations.micros[partner] as number)
    onKept(rank, id)
    id += 1
  }
  return id
}

/** Spills the kept confirmations of a part that are no purchase's. */
export function spillConfirmations(file: SpillFile, matched: MatchedPart): void {
  const { sides, matches, texts, places, part } = matched
  const { confirmations, confirmationMarks } = sides
  const put = createPutting(file, confirmations, texts.confirmations, places.confirmations)
  const odd = Number(matched.areOdd.confirmations) << ODD_BIT
  for (let rank = 0; rank < confirmations.count; rank += 1) {
    if ((confirmationMarks[rank] as number) & MARK.duplicate || matches.taken[rank] !== 0) continue
    const { at, ints } = put(part * TYPES + TYPE.confirmedOnly, rank, rank, NO_RECEIPT, -1)
    ints[(at >> 2) + 1] = 0
    ints[(at >> 2) + 5] = ((matches.ownFlags[rank] as number) << FLAGS_SHIFT) | odd
  }
}

const NO_RECEIPT: Texts = { bytes: new Uint8Array(0), starts: new Uint32Array(2) }

/** Puts what both kinds of outcomes have: the row of a rank, with the receipt of its partner where it has none. */
function createPutting(file: SpillFile, rows: Rows, texts: RowTexts, places: ArrayLike<number>) {
  const { players, receipts, order } = texts
  return (stream: number, rank: number, id: number, others: Texts, partner: number) => {
    const player = rows.players[rank] as number
    const row = order[rank] as number
    const [playerFrom, playerTo] = [
      players.starts[player] as number,
      players.starts[player + 1] as number,
    ]
    const [from, to] = [receipts.starts[row] as number, receipts.starts[row + 1] as number]
    // Shown only in the place of a receipt that is not there.
    const isShown = from === to && partner >= 0
    const otherFrom = isShown ? (others.starts[partner] as number) : 0
    const otherTo = isShown ? (others.starts[partner + 1] as number) : 0
    const textBytes = playerTo - playerFrom + to - from + otherTo - otherFrom
    const slot = file.put(stream, OUTCOME_BYTES + textBytes)
    const { at, ints, doubles, bytes } = slot
    ints[(at >> 2) + 2] = playerTo - playerFrom
    ints[(at >> 2) + 3] = to - from
    ints[(at >> 2) + 4] = otherTo - otherFrom
    const double = at >> 3
    doubles[double + 3] = rows.instants[rank] as number
    doubles[double + 4] = rows.micros[rank] as number
    doubles[double + 7] = places[row] as number
    doubles[double + 8] = id
    const text = at + OUTCOME_BYTES
    copyBytes(players.bytes, playerFrom, playerTo, bytes, text)
    copyBytes(receipts.bytes, from, to, bytes, text + playerTo - playerFrom)
    copyBytes(others.bytes, otherFrom, otherTo, bytes, text + playerTo - playerFrom + to - from)
    return slot
  }
}
