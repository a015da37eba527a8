// The Web Locks API for tests: tabs that can be killed, which ends their locks as a browser would.
import type { WebLocks } from '@questline/sdk/storage/local'

export type TestLocks = {
  /** The locks as one tab sees them. */
  tab(): WebLocks
  /** Ends the tabs so far, and with them their locks. */
  killAll(): void
}

export function createLocks(): TestLocks {
  const held = new Set<string>()
  return {
    killAll: () => held.clear(),
    tab: () => ({
      async request(name, { ifAvailable }, granted) {
        if (!ifAvailable) throw new Error('the SDK never waits for a lock')
        if (held.has(name)) return granted(null)
        held.add(name)
        await granted({ name })
        held.delete(name)
        return undefined
      },
    }),
  }
}
