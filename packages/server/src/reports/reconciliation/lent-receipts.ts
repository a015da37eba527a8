import { appendColumns, createTextRows, type Engine, type TextRows } from '../engine/engine.ts'
import { type Matches, RULE, type Sides } from './matches.ts'

/** Whether a purchase is shown with the receipt of its confirmation: it has none, and was matched by time. */
export const isLent = ({ purchases }: Sides, matches: Matches, rank: number): boolean =>
  matches.rules[rank] === RULE.time &&
  purchases.receipts[rank * 2] === 0 &&
  purchases.receipts[rank * 2 + 1] === 0

/**
 * The receipts of the confirmations that such purchases are matched to, in order of the purchases.
 * @param rowBytes about how long one is, or longer
 */
export async function readLentReceipts(
  engine: Engine,
  sides: Sides,
  matches: Matches,
  rowBytes: number,
): Promise<TextRows> {
  const lenders: number[] = []
  for (let rank = 0; rank < sides.purchases.count; rank += 1) {
    if (isLent(sides, matches, rank)) lenders.push(matches.confirmations[rank] as number)
  }
  if (lenders.length > 0) {
    await engine.run('CREATE TABLE lenders (confirmation INTEGER)')
    await appendColumns(engine, 'lenders', [Int32Array.from(lenders)])
    await engine.run(`
      CREATE TABLE lent_receipts AS
      SELECT receipt FROM lenders JOIN confirmations ON confirmations.rowid = confirmation
      ORDER BY lenders.rowid`)
  }
  return createTextRows(engine, {
    ...{ table: 'lent_receipts', rows: lenders.length, rowBytes, texts: ['receipt'], codes: [] },
  })
}
