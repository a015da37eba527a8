import type { StoredEvent } from './storage.ts'

/** What a store of texts by name must be able to do to hold queues. */
export interface Items {
  /** Those that begin with `prefix`. */
  keys(prefix: string): Promise<readonly string[]>
  /** In the order of the keys; empty where there is none. */
  texts(keys: readonly string[]): Promise<readonly string[]>
  /** Removes, then puts. `urgent`: on the disk, not only on its way, when it resolves. */
  write(put: readonly StoredEvent[], remove: readonly string[], urgent?: boolean): Promise<void>
  close?(): Promise<void>
}
