// React Native: AsyncStorage of any version, or anything with these four functions. One running app
// has its storage to itself, so a lock within the runtime is enough.
import { createLanes } from './lanes.ts'
import { runtimeLocks } from './locks.ts'
import type { EventStorage, StoredEvent } from './storage.ts'

export interface AsyncItems {
  getAllKeys(): Promise<readonly string[]>
  getItem(key: string): Promise<string | null>
  setItem(key: string, value: string): Promise<unknown>
  removeItem(key: string): Promise<unknown>
}

/** Keeps events in an AsyncStorage. */
export function asyncStorageQueue(storage: AsyncItems): EventStorage {
  const items = {
    keys: async (prefix: string) =>
      (await storage.getAllKeys()).filter((key) => key.startsWith(prefix)),
    texts: (keys: readonly string[]) =>
      Promise.all(keys.map(async (key) => (await storage.getItem(key)) ?? '')),
    async write(put: readonly StoredEvent[], remove: readonly string[]): Promise<void> {
      await Promise.all(remove.map((key) => storage.removeItem(key)))
      await Promise.all(put.map(([key, text]) => storage.setItem(key, text)))
    },
  }
  return createLanes(async () => ({ items, take: runtimeLocks() }))
}
