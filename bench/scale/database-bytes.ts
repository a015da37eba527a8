import { Client } from 'pg'

/** A connection of one's own for as long as `work` needs it. */
export async function within<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url, application_name: 'bench' })
  await client.connect()
  return work(client).finally(() => client.end())
}

/** What was ever written to the write-ahead log, and the size of all tables with their indexes. */
export const bytesOf = (url: string): Promise<{ readonly wal: number; readonly tables: number }> =>
  within(url, async (client) => {
    const { rows } = await client.query<{ readonly wal: string; readonly tables: string }>(
      `SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn AS wal,
        (SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relkind = 'r') AS tables`,
    )
    const [row] = rows
    return { wal: Number(row?.wal), tables: Number(row?.tables) }
  })
