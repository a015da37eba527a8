import { MARK, type PurchaseRows } from '../clean/clean.ts'
import type { DetailsPart } from '../reconciliation/reconciliation.ts'
import { createTextList, type TextList } from '../texts/texts.ts'
import { type Outcome, TYPE } from './outcomes.ts'

/** So many rows are printed at once. */
const ROWS = 2_048
const TEXT_BYTES = ROWS * 32
/** Of what receipts tell of a purchase, the bits that are a chargeback. */
const CHARGEBACK_BITS = 3

/** What the kinds of purchases mean, by their numbers. */
export type KindMeaning = Pick<PurchaseRows, 'campaignKeys' | 'isAf'>

/**
 * Outcomes as columns, so many at once as fit into some kilobytes, in the order in which they come; the
 * columns are used again for the next.
 * @param receiptMarks by id of a purchase
 */
export function* inParts(
  outcomes: Iterable<Outcome>,
  kinds: KindMeaning,
  receiptMarks: Uint8Array,
): Generator<DetailsPart, void, undefined> {
  const columns = createColumns(kinds, receiptMarks)
  for (const outcome of outcomes) {
    columns.add(outcome)
    if (columns.isFull()) yield columns.take()
  }
  yield columns.take()
}

function createColumns(kinds: KindMeaning, receiptMarks: Uint8Array) {
  const [purchases, confirmations] = [createSide(), createSide()]
  const own = { kinds: new Int32Array(ROWS), chargebacks: new Uint8Array(ROWS) }
  const matches = {
    confirmations: new Int32Array(ROWS),
    rules: new Uint8Array(ROWS),
    flags: new Uint8Array(ROWS),
    taken: new Uint8Array(ROWS),
    ownFlags: new Uint8Array(ROWS),
  }
  const players = createTextList({ texts: ROWS, bytes: TEXT_BYTES })
  const order = new Int32Array(ROWS)
  let count = 0

  const addConfirmation = (instant: number, micros: number): number => {
    const rank = confirmations.add(instant, micros, 0, count)
    matches.taken[rank] = 1
    return rank
  }
  const addPurchase = (outcome: Outcome): number => {
    const { bytes, receiptFrom, partnerFrom, end, partnerInstant } = outcome
    const told = receiptMarks[outcome.id] as number
    const shared = told & MARK.duplicateReceipt
    const rank = purchases.add(outcome.instant, outcome.micros, outcome.marks | shared, count)
    purchases.receipts.add(bytes, receiptFrom, partnerFrom)
    own.kinds[rank] = outcome.kind
    own.chargebacks[rank] = told & CHARGEBACK_BITS
    matches.rules[rank] = outcome.rule
    matches.flags[rank] = outcome.flags
    matches.confirmations[rank] = -1
    if (Number.isNaN(partnerInstant)) return rank
    matches.confirmations[rank] = addConfirmation(partnerInstant, outcome.partnerMicros)
    confirmations.receipts.add(bytes, partnerFrom, end)
    return rank
  }
  const addAlone = ({
    instant,
    micros,
    bytes,
    receiptFrom,
    partnerFrom,
    flags,
  }: Outcome): number => {
    const rank = addConfirmation(instant, micros)
    matches.taken[rank] = 0
    matches.ownFlags[rank] = flags
    confirmations.receipts.add(bytes, receiptFrom, partnerFrom)
    return -1 - rank
  }

  return {
    isFull: () => count === ROWS,
    add(outcome: Outcome): void {
      order[count] = outcome.type === TYPE.confirmedOnly ? addAlone(outcome) : addPurchase(outcome)
      players.add(outcome.bytes, outcome.playerFrom, outcome.receiptFrom)
      count += 1
    },
    /** All that were added; the next begins anew. */
    take(): DetailsPart {
      const [ours, theirs] = [purchases.take(), confirmations.take()]
      const texts = players.texts()
      const details = order.subarray(0, count)
      count = 0
      players.clear()
      return {
        sides: {
          purchases: { ...ours.rows, ...own, ...kinds },
          purchaseMarks: ours.marks,
          confirmations: theirs.rows,
          confirmationMarks: theirs.marks,
          players: texts.starts.length,
        },
        texts: {
          purchases: { players: texts, receipts: ours.receipts, order: RANKS },
          confirmations: { players: texts, receipts: theirs.receipts, order: RANKS },
        },
        matches,
        order: details,
      }
    },
  }
}

/** Texts are in the order of their rows. */
const RANKS = Int32Array.from({ length: ROWS }, (_value, rank) => rank)
/** Nothing is matched here any more. */
const NO_RECEIPTS = new Int32Array(0)

function createSide() {
  const columns = {
    instants: new Float64Array(ROWS),
    micros: new Float64Array(ROWS),
    players: new Int32Array(ROWS),
    receipts: NO_RECEIPTS,
  }
  const marks = new Uint8Array(ROWS)
  const receipts: TextList = createTextList({ texts: ROWS, bytes: TEXT_BYTES })
  let count = 0
  return {
    receipts,
    /** @returns the rank of the row, of which the receipt is to be added too */
    add(instant: number, micros: number, mark: number, player: number): number {
      columns.instants[count] = instant
      columns.micros[count] = micros
      columns.players[count] = player
      marks[count] = mark
      count += 1
      return count - 1
    },
    take() {
      const taken = { rows: { count, ...columns }, marks, receipts: receipts.texts() }
      count = 0
      receipts.clear()
      return taken
    },
  }
}
