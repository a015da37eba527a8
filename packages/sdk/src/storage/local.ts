// localStorage: there at once and everywhere, but small (5 MB for the whole page) and on the disk only
// seconds later. For more than a little, or where several tabs are usual, `./storage/indexeddb`.
import { createLanes } from './lanes.ts'
import { leaseLocks, type WebLocks, webLocks } from './locks.ts'
import type { EventStorage, StoredEvent } from './storage.ts'

export type { WebLocks } from './locks.ts'

/** The part of the browser's Storage that is used. */
export interface LocalItems {
  readonly length: number
  key(index: number): string | null
  getItem(key: string): string | null
  setItem(key: string, value: string): void
  removeItem(key: string): void
}

export type LocalOptions = {
  /** Another Storage than the page's localStorage. */
  readonly items?: LocalItems
  /** The browser's own unless said otherwise; null: none. */
  readonly locks?: WebLocks | null
}

/** Keeps events in localStorage. */
export function localStorageQueue(options: LocalOptions = {}): EventStorage {
  return createLanes(async (_, host) => {
    const globals: Globals = Object(globalThis)
    const storage = options.items ?? globals.localStorage
    const locks = options.locks === undefined ? globals.navigator?.locks : options.locks
    const items = {
      async keys(prefix: string): Promise<string[]> {
        const keys = Array.from({ length: storage.length }, (_, index) => storage.key(index) ?? '')
        return keys.filter((key) => key.startsWith(prefix))
      },
      texts: async (keys: readonly string[]) => keys.map((key) => storage.getItem(key) ?? ''),
      async write(put: readonly StoredEvent[], remove: readonly string[]): Promise<void> {
        for (const key of remove) storage.removeItem(key)
        for (const [key, text] of put) storage.setItem(key, text)
      },
    }
    return { items, take: locks ? webLocks(locks) : leaseLocks(items, host) }
  })
}

type Globals = {
  readonly localStorage: LocalItems
  readonly navigator?: { readonly locks?: WebLocks }
}
