import type { DuckDBDataChunk } from '@duckdb/node-api'
import { type Column, type Engine, hashes, integer, numbers } from '../engine/engine.ts'

/**
 * The rows of one side, by rank (their place in row order). Instants are microseconds and micros
 * money, as doubles: both stay below 2^53, so they and their differences are exact.
 */
export type Rows = {
  readonly count: number
  readonly instants: Float64Array
  readonly micros: Float64Array
  /** Equal numbers are equal players, on both sides. */
  readonly players: Int32Array
  /** Two 32-bit halves of a receipt's hash each; both 0 without receipt. */
  readonly receipts: Int32Array
}

export type PurchaseRows = Rows & {
  readonly campaignKeys: Int32Array
  readonly isAf: Uint8Array
  readonly chargebacks: Uint8Array
}

/** Numbers the players of `purchases` and `confirmations`: table `players`. Answers how many. */
export async function createPlayers(engine: Engine): Promise<number> {
  await engine.run(`
    CREATE TABLE players AS
    SELECT player, (row_number() OVER () - 1)::INTEGER AS number
    FROM (SELECT player FROM purchases UNION SELECT player FROM confirmations)`)
  return countRows(engine, 'players')
}

export async function readPurchases(engine: Engine): Promise<PurchaseRows> {
  const rows = createRows(await countRows(engine, 'purchases'))
  const campaignKeys = new Int32Array(rows.count)
  const isAf = new Uint8Array(rows.count)
  const chargebacks = new Uint8Array(rows.count)
  const more = 'enum_code(campaign_key)::INTEGER, is_af::UTINYINT, chargeback'
  await read(engine, 'purchases', more, rows, [campaignKeys, isAf, chargebacks])
  return { ...rows, campaignKeys, isAf, chargebacks }
}

export async function readConfirmations(engine: Engine): Promise<Rows> {
  const rows = createRows(await countRows(engine, 'confirmations'))
  await read(engine, 'confirmations', '', rows, [])
  return rows
}

async function countRows(engine: Engine, table: string): Promise<number> {
  const [{ rows } = {}] = await engine.rows(`SELECT count(*)::INTEGER AS rows FROM ${table}`)
  return integer(rows)
}

const createRows = (count: number): Rows => ({
  count,
  instants: new Float64Array(count),
  micros: new Float64Array(count),
  players: new Int32Array(count),
  receipts: new Int32Array(count * 2),
})

/** Rows come in any order from a join, and go to their ranks. */
async function read(
  engine: Engine,
  table: string,
  more: string,
  rows: Rows,
  moreColumns: readonly Column[],
): Promise<void> {
  const columns = [rows.instants, rows.micros, rows.players, ...moreColumns]
  const selected = ['instant::DOUBLE', 'micros::DOUBLE', 'number', ...(more === '' ? [] : [more])]
  await engine.stream(
    `SELECT ${table}.rowid::INTEGER, CASE WHEN receipt IS NULL THEN 0 ELSE hash(receipt) END::UBIGINT,
       ${selected.join(', ')}
     FROM ${table} JOIN players USING (player)`,
    (chunk) => {
      const ranks = numbers(chunk, 0)
      place(ranks, chunk, columns)
      placeReceipts(ranks, hashes(chunk, 1), rows.receipts)
    },
  )
}

function place(ranks: Column, chunk: DuckDBDataChunk, columns: readonly Column[]): void {
  columns.forEach((column, index) => {
    const values = numbers(chunk, index + 2)
    for (let row = 0; row < ranks.length; row += 1) {
      column[ranks[row] as number] = values[row] as number
    }
  })
}

function placeReceipts(ranks: Column, halves: Int32Array, receipts: Int32Array): void {
  for (let row = 0; row < ranks.length; row += 1) {
    const at = (ranks[row] as number) * 2
    receipts[at] = halves[row * 2] as number
    receipts[at + 1] = halves[row * 2 + 1] as number
  }
}
