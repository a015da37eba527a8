import type { Engine } from '../engine/engine.ts'
import type { OddCells, OddIds } from '../inspect/inspect.ts'

/** A table of texts and what they stand for, to be joined. */
export async function createTextTable(
  engine: Engine,
  name: string,
  type: 'VARCHAR' | 'BIGINT',
  rows: Iterable<readonly [text: string, meaning: string | bigint | null]>,
): Promise<void> {
  await engine.run(`CREATE TABLE ${name} (text VARCHAR, meaning ${type})`)
  const appender = await engine.appender(name)
  for (const [text, meaning] of rows) {
    appender.appendVarchar(text)
    if (meaning === null) appender.appendNull()
    else if (typeof meaning === 'bigint') appender.appendBigInt(meaning)
    else appender.appendVarchar(meaning)
    appender.endRow()
  }
  appender.closeSync()
}

/** How a column is read where most cells are of a plain shape, and a table knows the others. */
export type LookedUp = { readonly value: string; readonly join: string }

/** Instants in microseconds, NULL where a cell is none. The inspection has seen every cell. */
export async function lookUpInstants(
  engine: Engine,
  table: string,
  column: string,
  odd: OddCells,
): Promise<LookedUp> {
  return lookUp(
    engine,
    table,
    column,
    odd,
    'BIGINT',
    `epoch_us(try_cast(${column} AS TIMESTAMPTZ))`,
  )
}

/**
 * Integer micros, NULL where a cell is no money. A product of DECIMALs throws where it overflows, also
 * in rows that no one wants; the double is exact, as micros below 10^15 are rounded from less than a
 * quarter beside.
 */
export async function lookUpMoney(
  engine: Engine,
  table: string,
  column: string,
  odd: OddCells,
): Promise<LookedUp> {
  const plain = `try_cast(round(try_cast(${column} AS DOUBLE) * 1000000) AS BIGINT)`
  return lookUp(engine, table, column, odd, 'BIGINT', plain)
}

async function lookUp(
  engine: Engine,
  table: string,
  column: string,
  odd: OddCells | OddIds,
  type: 'BIGINT' | 'VARCHAR',
  plain: string,
): Promise<LookedUp> {
  if (odd.size === 0) return { value: plain, join: '' }
  await createTextTable(engine, table, type, odd)
  return {
    value: `CASE WHEN ${table}.text IS NULL THEN ${plain} ELSE ${table}.meaning END`,
    join: `LEFT JOIN ${table} ON ${table}.text = ${column}`,
  }
}

/** Ids, NULL for none. */
export async function lookUpIds(
  engine: Engine,
  table: string,
  column: string,
  odd: OddIds,
): Promise<LookedUp> {
  return lookUp(engine, table, column, odd, 'VARCHAR', `nullif(${column}, '')`)
}
