import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'

/**
 * Who holds the one lock of all writers, and what he is doing. A waiting one waits for it; a transaction
 * that has an id and does not wait has it.
 */
const LOOK = `SELECT
  count(*) FILTER (WHERE wait_event_type = 'Lock')::int AS waiting,
  min(CASE WHEN state LIKE 'idle%' THEN 'node'
    WHEN wait_event_type IN ('IO', 'LWLock') THEN 'disk' ELSE 'database' END)
    FILTER (WHERE backend_xid IS NOT NULL AND wait_event_type IS DISTINCT FROM 'Lock') AS holder,
  count(*)::int AS connections
FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'questline'`

type Look = {
  readonly waiting: number
  readonly holder: Holder | null
  readonly connections: number
}
/** Whom the holder of the lock waits for: his own process, a statement that computes, or the disk. */
export const HOLDERS = ['node', 'database', 'disk'] as const
export type Holder = (typeof HOLDERS)[number]

export type WriterUse = {
  /** Share of the looks at which somebody held the lock, and at which he waited for each. */
  readonly held: number
  readonly by: Readonly<Record<Holder, number>>
  /** On average. */
  readonly waiting: number
  readonly connectionsMax: number
}

const EVERY_MS = 25

/** Looks at the lock again and again while `work` goes on. */
export async function watchWriter<T>(
  url: string,
  work: () => Promise<T>,
): Promise<readonly [T, WriterUse]> {
  const client = new Client({ connectionString: url, application_name: 'bench' })
  await client.connect()
  const looks: Look[] = []
  let isOver = false
  const look = async (): Promise<void> => {
    while (!isOver) {
      const { rows } = await client.query<Look>(LOOK)
      looks.push(...rows)
      await sleep(EVERY_MS)
    }
  }
  try {
    const looking = look()
    const result = await work().finally(() => {
      isOver = true
    })
    await looking
    return [result, writerUse(looks)]
  } finally {
    await client.end()
  }
}

export function writerUse(looks: readonly Look[]): WriterUse {
  const share = (of: (look: Look) => boolean): number =>
    looks.filter(of).length / Math.max(1, looks.length)
  return {
    held: share(({ holder }) => holder !== null),
    by: {
      node: share(({ holder }) => holder === 'node'),
      database: share(({ holder }) => holder === 'database'),
      disk: share(({ holder }) => holder === 'disk'),
    },
    waiting: looks.reduce((sum, { waiting }) => sum + waiting, 0) / Math.max(1, looks.length),
    connectionsMax: Math.max(0, ...looks.map(({ connections }) => connections)),
  }
}
