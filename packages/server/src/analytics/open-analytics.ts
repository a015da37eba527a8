import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Random } from '../platform/platform.ts'
import { migrate, openStore, type Store } from '../store/store.ts'
import { MIGRATIONS } from './migrations/migrations.ts'

export type AnalyticsParts = { readonly now: () => number; readonly random: Random }

/** Beside books in SQLite; with PostgreSQL in the folder of the data. */
export function analyticsFile(
  database: { readonly kind: 'sqlite'; readonly file: string } | { readonly kind: 'postgres' },
  dataDir: string,
): string {
  return join(database.kind === 'sqlite' ? dirname(database.file) : dataDir, 'analytics.db')
}

/** Opens the analytics file, new or not, and brings its schema up to date. */
export async function openAnalytics(
  { now, random }: AnalyticsParts,
  settings: { readonly file: string; readonly busyTimeoutMs: number },
): Promise<Store> {
  mkdirSync(dirname(settings.file), { recursive: true })
  const store = openStore({ random, onIdleError: () => undefined }, { kind: 'sqlite', ...settings })
  try {
    await migrate(store, now, MIGRATIONS)
    return store
  } catch (error) {
    await store.close()
    throw error
  }
}
