import type { Engine } from '../engine/engine.ts'
import { columnAt, type ReadableCsv, readCsvSql } from '../input/input.ts'
import type { ConfirmationColumns, ConfirmationFindings } from '../inspect/inspect.ts'
import { createTextTable, lookUpIds, lookUpInstants, lookUpMoney } from './texts.ts'

/**
 * Table `confirmations`: the rows that may be kept, in row order, so that `rowid` is a row's rank.
 * Columns: player, instant and micros (BIGINT), receipt (NULL for none).
 */
export async function createConfirmations(
  engine: Engine,
  file: ReadableCsv,
  at: ConfirmationColumns,
  found: ConfirmationFindings,
): Promise<void> {
  const column = (index: number): string => `file.${columnAt(index)}`
  const time = await lookUpInstants(engine, 'odd_confirmation_times', column(at.time), found.times)
  const money = await lookUpMoney(
    engine,
    'odd_confirmation_amounts',
    column(at.amount),
    found.amounts,
  )
  const player = await lookUpIds(engine, 'odd_cf_players', column(at.player), found.ids)
  const receipt = await lookUpIds(engine, 'odd_cf_receipts', column(at.receipt), found.ids)
  const bad = [...found.badReceipts].map((text) => [text, null] as const)
  if (bad.length > 0) await createTextTable(engine, 'bad_confirmations', 'VARCHAR', bad)
  await engine.run(`
    CREATE TABLE confirmations AS
    SELECT player, instant, micros, receipt FROM (
      SELECT ${player.value} AS player,
        ${time.value} AS instant, ${money.value} AS micros,
        ${receipt.value} AS receipt,
        ${column(at.player)} AS player_as_read
      FROM ${readCsvSql(file)} AS file ${time.join} ${money.join} ${player.join} ${receipt.join}
    )
    WHERE player IS NOT NULL AND instant IS NOT NULL AND micros > 0
      ${bad.length === 0 ? '' : 'AND (receipt IS NULL OR receipt NOT IN (SELECT text FROM bad_confirmations))'}
    ORDER BY instant, micros, receipt, ${found.ids.size > 0 ? 'player_as_read' : 'player'}`)
}
