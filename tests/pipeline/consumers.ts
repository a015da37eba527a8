import { dirname, join } from 'node:path'
import { createLeases, openAnalytics } from '../../packages/server/src/analytics/analytics.ts'
import { createConsumers } from '../../packages/server/src/pipeline/consumers.ts'
import { systemRandom } from '../../packages/server/src/platform/platform.ts'
import type { Rule } from '../../packages/server/src/quality/quality.ts'
import type { Store } from '../../packages/server/src/store/store.ts'
import { freshPostgres, freshSqlite } from '../database.ts'
import { fileOf } from '../open-store.ts'
import { plainSql, type SqlRow } from '../plain-sql.ts'

/** Where analytics may lie, for suites that must hold on both: `fresh` gives a place as `openTestAnalytics` takes it. */
export const ANALYTICS = [
  {
    name: 'a file',
    async fresh(): Promise<FreshAnalytics> {
      const { url, drop } = await freshSqlite()
      return { at: join(dirname(fileOf(url)), 'analytics.db'), drop }
    },
  },
  {
    name: 'PostgreSQL',
    async fresh(): Promise<FreshAnalytics> {
      const { url, drop } = await freshPostgres()
      return { at: url, drop }
    },
  },
] as const

export type FreshAnalytics = { readonly at: string; drop(): Promise<void> }

const isPostgres = (at: string): boolean => at.startsWith('postgresql:')

/** @param at a file, or the URL of a PostgreSQL */
export const openTestAnalytics = (at: string): Promise<Store> =>
  openAnalytics(
    { now: () => 0, random: systemRandom() },
    isPostgres(at)
      ? { kind: 'postgres', url: at, connectTimeoutMs: 8_000 }
      : { kind: 'sqlite', file: at, busyTimeoutMs: 8_000 },
  )

export type ConsumeSettings = {
  readonly batchEvents?: number
  readonly until?: number
  readonly rules?: readonly Rule[]
}

/** A process of the consumers, as far as its memory goes: made anew it remembers nothing. */
export function testConsumers(
  books: Store,
  { file, analytics }: { readonly file: string; readonly analytics: Store },
  { batchEvents = 1_000, until, rules = [] }: ConsumeSettings = {},
) {
  const { stages } = createConsumers(
    { readBooks: books.read, analytics, leases: createLeases(file) },
    { rules, batchEvents, ...(until === undefined ? {} : { until }) },
  )
  return {
    stages,
    /** Until no stage finds anything. */
    async drain(): Promise<void> {
      for (;;) {
        let taken = 0
        for (const stage of stages) taken += await stage.step()
        if (taken === 0) return
      }
    },
  }
}

/** All that is computed, in the order of its keys, but where consumers are in their work. */
const TABLES: Readonly<Record<string, string>> = {
  window_facts: 'grain, platform, start, app, country_code, metric, label',
  window_users: 'grain, start, app, user_id',
  window_user_sets: 'grain, start, app',
  window_clock: 'name',
  window_changes: 'start',
  window_purchases: 'day, currency, log_offset',
  window_rates: 'day, currency',
  quality_counts: 'app, minute',
  rejected_events: 'log_offset',
  player_inits: 'app, player_id',
  loss_devices: 'app, device_id',
  loss_versions: 'app, sdk, version',
  checkpoints: 'consumer',
}

/** Every row of the analytics, read by no code of the server. */
export async function rowsOf(at: string): Promise<Readonly<Record<string, readonly SqlRow[]>>> {
  const [url, schema] = isPostgres(at) ? [at, 'analytics.'] : [`sqlite:///${at}`, '']
  const tables = Object.entries(TABLES).map(async ([table, order]) => [
    table,
    (await plainSql(url, `SELECT * FROM ${schema}${table} ORDER BY ${order}`)).map(plainRow),
  ])
  return Object.fromEntries(await Promise.all(tables))
}

/** Alike from both drivers: bytes without a class of their own, and a prototype. */
const plainRow = (row: SqlRow): SqlRow =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      value instanceof Uint8Array ? Buffer.from(value) : value,
    ]),
  )
