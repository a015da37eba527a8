import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Random } from '../platform/platform.ts'
import { migrate, openStore, type Store } from '../store/store.ts'
import { MIGRATIONS } from './migrations/migrations.ts'
import { SCHEMA } from './statement.ts'

export type AnalyticsParts = { readonly now: () => number; readonly random: Random }

/** Where the analytics lie: in a file of this machine, or in a schema that many nodes share. */
export type AnalyticsPlace =
  | { readonly kind: 'sqlite'; readonly file: string; readonly busyTimeoutMs: number }
  | {
      readonly kind: 'postgres'
      readonly url: string
      readonly connectTimeoutMs: number
      readonly pooler?: boolean
    }

/** Beside books in SQLite; with PostgreSQL in the folder of the data. */
export function analyticsFile(
  database: { readonly kind: 'sqlite'; readonly file: string } | { readonly kind: 'postgres' },
  dataDir: string,
): string {
  return join(database.kind === 'sqlite' ? dirname(database.file) : dataDir, 'analytics.db')
}

/** Each stage writes on one, and what it reads meanwhile needs another; more would only wait. */
const CONNECTIONS_MAX = 4
/**
 * A step of thousands of events is one transaction, and a rebuild holds one while it compares rows.
 * A process that hangs in one holds up its successor, which waits longer than that may last.
 */
const TIMEOUTS = { idleTransactionTimeoutMs: 15_000, lockTimeoutMs: 20_000 }
const STATEMENT_TIMEOUT_MS = 60_000

/** Opens the analytics, new or not, and brings their schema up to date. */
export async function openAnalytics(
  { now, random }: AnalyticsParts,
  place: AnalyticsPlace,
): Promise<Store> {
  const store = open(random, place)
  try {
    await migrate(store, now, MIGRATIONS, SCHEMA)
    return store
  } catch (error) {
    await store.close()
    throw error
  }
}

function open(random: Random, place: AnalyticsPlace): Store {
  const parts = { random, onIdleError: () => undefined }
  if (place.kind === 'sqlite') {
    mkdirSync(dirname(place.file), { recursive: true })
    return openStore(parts, place)
  }
  return openStore(parts, {
    ...{ ...place, ...TIMEOUTS, statementTimeoutMs: STATEMENT_TIMEOUT_MS },
    ...{ connectionsMax: CONNECTIONS_MAX, hasLog: false },
  })
}
