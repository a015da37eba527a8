import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Config } from '../config/config.ts'
import { migrate, openStore, type Store, settlePooledDefaults } from '../store/store.ts'
import type { World } from './world.ts'

export type Database = {
  readonly store: Store
  /** Names of the migrations that were applied now. */
  readonly applied: readonly string[]
}

/** Opens the database of the settings, new or not, and brings its schema up to date. */
export async function openDatabase(
  { store: { database } }: Pick<Config, 'store'>,
  world: Pick<World, 'clock' | 'random' | 'logger' | 'decorateStore'>,
): Promise<Database> {
  const { clock, random, logger } = world
  if (database.kind === 'sqlite') mkdirSync(dirname(database.file), { recursive: true })
  const onIdleError = (error: Error) => logger.warn({ err: error }, 'a database connection broke')
  const store = world.decorateStore(openStore({ random, onIdleError }, database))
  try {
    const applied = await migrate(store, clock.now)
    if (database.kind === 'postgres' && database.pooler) {
      const advice = await settlePooledDefaults(store)
      if (advice !== null) logger.warn({ setting: 'PG_POOLER' }, advice)
    }
    return { store, applied }
  } catch (error) {
    await store.close()
    throw error
  }
}
