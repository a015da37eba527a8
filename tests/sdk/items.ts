// What lies on a device, for tests: a localStorage that several tabs share, with room for so much.
import type { EventStorage } from '@questline/sdk'
import { type LocalItems, localStorageQueue } from '@questline/sdk/storage/local'
import { createLocks, type TestLocks } from './locks.ts'

export type DeviceItems = LocalItems & { readonly texts: Map<string, string> }

/** A localStorage of `charsMax` characters, as browsers have it. */
export function createLocalItems(charsMax = Number.POSITIVE_INFINITY): DeviceItems {
  const texts = new Map<string, string>()
  let chars = 0
  return {
    texts,
    get length() {
      return texts.size
    },
    key: (index) => [...texts.keys()][index] ?? null,
    getItem: (key) => texts.get(key) ?? null,
    setItem(key, value) {
      const old = texts.get(key)
      const more = old === undefined ? key.length + value.length : value.length - old.length
      if (chars + more > charsMax) throw new DOMException('no room', 'QuotaExceededError')
      chars += more
      texts.set(key, value)
    },
    removeItem(key) {
      chars -= texts.has(key) ? key.length + (texts.get(key)?.length ?? 0) : 0
      texts.delete(key)
    },
  }
}

/** A device with a localStorage; each `storage()` is a tab of its own, locked as browsers lock. */
export function createItems(charsMax?: number): {
  readonly items: DeviceItems
  readonly locks: TestLocks
  storage(): EventStorage
} {
  const items = createLocalItems(charsMax)
  const locks = createLocks()
  return { items, locks, storage: () => localStorageQueue({ items, locks: locks.tab() }) }
}
