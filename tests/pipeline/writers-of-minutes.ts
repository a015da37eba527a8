// Who writes the numbers: the consumer of this process, or Flink through JDBC, which only PostgreSQL
// has. Whoever follows them must not see which.
import pg from 'pg'
import type { Store } from '../../packages/server/src/store/store.ts'
import { jdbcTarget } from '../../packages/server/src/windows/flink/flink.ts'
import { freshPostgres, freshSqlite } from '../database.ts'
import { ANALYTICS, openTestAnalytics, testConsumers } from './consumers.ts'
import { NOON, openGameLog } from './game-log.ts'

const MINUTE = 60_000

/** Revenue in minutes after noon. */
export type WriterOfMinutes = {
  readonly analytics: Store
  /** A million micros in each of these minutes, one after the other, each a change of its own. */
  each(minutes: readonly number[]): Promise<void>
  /** One and a half in all of these, as one change. */
  together(minutes: readonly number[]): Promise<void>
  close(): Promise<void>
}

async function embedded(fresh: (typeof ANALYTICS)[number]['fresh']): Promise<WriterOfMinutes> {
  const log = await openGameLog({ fresh: freshSqlite })
  const place = await fresh()
  const analytics = await openTestAnalytics(place.at)
  const drain = () => testConsumers(log.store, { file: log.analyticsFile, analytics }).drain()
  const fields = { product_id: 'gems', amount_micros: 1_000_000, currency: 'EUR' }
  const rate = async (usdPerUnit: string) => {
    const payload = { date: '2026-03-01', usd_per_unit: { EUR: usdPerUnit } }
    await log.plain({ type: 'rates', payload })
    await drain()
  }
  return {
    analytics,
    async each(minutes) {
      for (const n of minutes) {
        await log.games({ type: 'purchase', player: 'ana', at: NOON + n * MINUTE, fields })
      }
      await drain()
    },
    together: () => rate('1.5'),
    async close() {
      await analytics.close()
      await place.drop()
      await log.close()
    },
  }
}

const COLUMNS = ['grain', 'platform', 'start', 'app', 'country_code', 'metric', 'label', 'value']
const KEY = COLUMNS.slice(0, -1).join(', ')

export type FactOfFlink = {
  readonly start: number
  readonly value: number
  readonly grain?: string
}

/** As the URL says that Flink gets. */
const nameOfFlink = (url: string): string =>
  new URL(jdbcTarget(url).url.slice('jdbc:'.length)).searchParams.get('ApplicationName') ?? ''

/** A sink of Flink, as far as PostgreSQL sees it. */
export async function sinkOfFlink(url: string, application_name = nameOfFlink(url)) {
  const client = new pg.Client({ connectionString: url, application_name })
  await client.connect()
  return {
    /** One statement, as the connector spells it and the driver gathers it. */
    write: (facts: readonly FactOfFlink[]) => {
      const rows = facts.map(({ start, value, grain = 'minute' }) => [
        ...[grain, '(ALL)', start, 'game', '(ALL)', 'revenue_usd_micros', '', value],
      ])
      const marks = rows.map(
        (row, at) => `(${row.map((_, n) => `$${at * COLUMNS.length + n + 1}`).join(', ')})`,
      )
      return client.query(
        `INSERT INTO analytics.window_facts (${COLUMNS.join(', ')}) VALUES ${marks.join(', ')}
        ON CONFLICT (${KEY}) DO UPDATE SET value = EXCLUDED.value`,
        rows.flat(),
      )
    },
    run: (sql: string) => client.query(sql),
    end: () => client.end(),
  }
}

export type SinkOfFlink = Awaited<ReturnType<typeof sinkOfFlink>>

async function flink(): Promise<WriterOfMinutes> {
  const place = await freshPostgres()
  const analytics = await openTestAnalytics(place.url)
  const sink = await sinkOfFlink(place.url)
  const fact = (value: number) => (n: number) => ({ start: NOON + n * MINUTE, value })
  return {
    analytics,
    async each(minutes) {
      for (const n of minutes) await sink.write([fact(1_000_000)(n)])
    },
    async together(minutes) {
      await sink.write(minutes.map(fact(1_500_000)))
    },
    async close() {
      await sink.end()
      await analytics.close()
      await place.drop()
    },
  }
}

export const WRITERS_OF_MINUTES = [
  ...ANALYTICS.map(({ name, fresh }) => ({
    name: `this process, in ${name}`,
    open: () => embedded(fresh),
  })),
  { name: 'Flink, in PostgreSQL', open: flink },
] as const
