import { appendColumns, type Engine } from '../engine/engine.ts'
import type { DetailOrder } from './details.ts'
import { type Matches, RULE, type Sides } from './matches.ts'

/**
 * Tables that stand beside `purchases` and `confirmations` row by row, −1 for nothing:
 * `purchase_matches` (place, cf_instant, cf_micros, rule, flags) and `confirmation_matches` (place,
 * flags); and `lent_receipts` (place_lent, receipt_lent), the receipts of confirmations that are
 * matched to a purchase without one.
 */
export async function createMatchTables(
  engine: Engine,
  sides: Sides,
  matches: Matches,
  order: DetailOrder,
): Promise<void> {
  await engine.run(`
    CREATE TABLE purchase_matches
      (place INTEGER, cf_instant DOUBLE, cf_micros DOUBLE, rule UTINYINT, flags UTINYINT);
    CREATE TABLE confirmation_matches (place INTEGER, flags UTINYINT);
    CREATE TABLE lenders (place_lent INTEGER, confirmation INTEGER)`)
  const { instants, micros } = sides.confirmations
  await appendColumns(engine, 'purchase_matches', [
    order.purchases,
    { values: instants, at: matches.confirmations },
    { values: micros, at: matches.confirmations },
    matches.rules,
    matches.flags,
  ])
  await appendColumns(engine, 'confirmation_matches', [order.confirmations, matches.ownFlags])
  await appendColumns(engine, 'lenders', lenders(sides, matches, order))
  await engine.run(`
    CREATE TABLE lent_receipts AS
    SELECT place_lent, receipt AS receipt_lent
    FROM lenders JOIN confirmations ON confirmations.rowid = lenders.confirmation
    WHERE receipt IS NOT NULL`)
}

/** Places and confirmations of the purchases without receipt that were matched by time. */
function lenders({ purchases }: Sides, matches: Matches, order: DetailOrder) {
  const places: number[] = []
  const confirmations: number[] = []
  for (let rank = 0; rank < purchases.count; rank += 1) {
    const isMatched = matches.rules[rank] === RULE.time
    const hasReceipt = purchases.receipts[rank * 2] !== 0 || purchases.receipts[rank * 2 + 1] !== 0
    if (!isMatched || hasReceipt) continue
    places.push(order.purchases[rank] as number)
    confirmations.push(matches.confirmations[rank] as number)
  }
  return [Int32Array.from(places), Int32Array.from(confirmations)]
}
