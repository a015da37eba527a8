// IndexedDB: the storage for browsers. Writes are transactions, do not block the game, and have the
// disk's room. Purchases wait until the disk has them.
import type { Items } from './items.ts'
import { createLanes } from './lanes.ts'
import { leaseLocks, type WebLocks, webLocks } from './locks.ts'
import type { EventStorage } from './storage.ts'

type Request<T> = {
  readonly result: T
  readonly error: unknown
  onsuccess: unknown
  onerror: unknown
}
type Transaction = {
  readonly error: unknown
  oncomplete: unknown
  onabort: unknown
  objectStore(name: string): {
    put(value: unknown, key: string): unknown
    delete(key: string): unknown
    get(key: string): Request<string | undefined>
    getAllKeys(range: unknown): Request<readonly unknown[]>
  }
}
type Database = {
  createObjectStore(name: string): unknown
  transaction(
    name: string,
    mode: 'readonly' | 'readwrite',
    options?: { readonly durability: 'strict' | 'relaxed' },
  ): Transaction
  close(): void
}
/** The part of the browser's IDBFactory that is used. */
export interface DatabaseFactory {
  open(name: string, version: number): Request<Database> & { onupgradeneeded: unknown }
}

export type IndexedDbOptions = {
  /** The page's own unless said otherwise. */
  readonly indexedDB?: DatabaseFactory
  /** The browser's own unless said otherwise; null: none. */
  readonly locks?: WebLocks | null
}

const STORE = 'items'

/** Keeps events in IndexedDB. */
export function indexedDbQueue(options: IndexedDbOptions = {}): EventStorage {
  return createLanes(async (name, host) => {
    const globals: Globals = Object(globalThis)
    const locks = options.locks === undefined ? globals.navigator?.locks : options.locks
    const opening = (options.indexedDB ?? globals.indexedDB).open(`questline/${name}`, 1)
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE)
    const items = itemsOf(await answer(opening), globals.IDBKeyRange)
    return { items, take: locks ? webLocks(locks) : leaseLocks(items, host) }
  })
}

type Globals = {
  readonly indexedDB: DatabaseFactory
  readonly IDBKeyRange: { bound(from: string, to: string): unknown }
  readonly navigator?: { readonly locks?: WebLocks }
}

function itemsOf(database: Database, ranges: Globals['IDBKeyRange']): Items {
  return {
    async keys(prefix) {
      const store = database.transaction(STORE, 'readonly').objectStore(STORE)
      const keys = await answer(store.getAllKeys(ranges.bound(prefix, `${prefix}\uffff`)))
      return keys.map(String)
    },
    texts(keys) {
      const store = database.transaction(STORE, 'readonly').objectStore(STORE)
      return Promise.all(keys.map(async (key) => (await answer(store.get(key))) ?? ''))
    },
    write(put, remove, urgent) {
      const durability = urgent ? 'strict' : 'relaxed'
      const transaction = database.transaction(STORE, 'readwrite', { durability })
      const store = transaction.objectStore(STORE)
      for (const key of remove) store.delete(key)
      for (const [key, text] of put) store.put(text, key)
      return new Promise((resolve, reject) => {
        transaction.oncomplete = () => resolve()
        transaction.onabort = () => reject(transaction.error)
      })
    },
    async close() {
      database.close()
    },
  }
}

const answer = <T>(request: Request<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
