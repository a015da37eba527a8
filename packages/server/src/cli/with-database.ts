import { openDatabase } from '../books/database.ts'
import { type Config, loadConfig, processEnvironment } from '../config/config.ts'
import {
  type Clock,
  createLogger,
  type Random,
  systemClock,
  systemRandom,
} from '../platform/platform.ts'
import { createWriter, type Store, type Writer } from '../store/store.ts'

export type Opened = {
  readonly config: Config
  readonly store: Store
  readonly writer: Writer
  readonly clock: Clock
  readonly random: Random
  /** Names of the migrations that were applied now. */
  readonly applied: readonly string[]
}

/** Opens the database of the settings for one command, without the stages of a server, and closes it. */
export async function withDatabase<T>(work: (opened: Opened) => Promise<T>): Promise<T> {
  const config = loadConfig(processEnvironment())
  const parts = { clock: systemClock, random: systemRandom() }
  const logger = createLogger(config.logLevel)
  const { store, applied } = await openDatabase(config, {
    ...parts,
    logger,
    decorateStore: (store) => store,
  })
  const { monotonic } = systemClock
  // A write that meets a broken disk is rejected; the command ends with it.
  const writer = createWriter({ store, monotonic, onFatal: () => undefined }, config.store)
  try {
    return await work({ config, store, writer, applied, ...parts })
  } finally {
    await writer.drain()
    await store.close()
  }
}
