import { type Engine, integer } from '../engine/engine.ts'

export type SaleText = { readonly player: string; readonly receipt: string | null }

/** Player and receipt of single rows, by table and rank. */
export async function readSaleTexts(
  engine: Engine,
  ranks: Readonly<Record<'purchases' | 'confirmations', readonly number[]>>,
): Promise<Readonly<Record<'purchases' | 'confirmations', (rank: number) => SaleText>>> {
  const select = (table: keyof typeof ranks): string => `
    SELECT '${table}' AS side, rowid::INTEGER AS rank, player, receipt FROM ${table}
    WHERE rowid IN (${['NULL', ...ranks[table]].join(', ')})`
  const rows = await engine.rows(`${select('purchases')} UNION ALL ${select('confirmations')}`)
  const texts = new Map(
    rows.map(({ side, rank, player, receipt }) => [
      `${side} ${integer(rank)}`,
      { player: String(player), receipt: receipt === null ? null : String(receipt) },
    ]),
  )
  const textOf =
    (table: keyof typeof ranks) =>
    (rank: number): SaleText => {
      const text = texts.get(`${table} ${rank}`)
      if (!text) throw new Error(`there is no row ${rank} of ${table}`)
      return text
    }
  return { purchases: textOf('purchases'), confirmations: textOf('confirmations') }
}
