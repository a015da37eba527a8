import type { EventStorage } from './storage.ts'

/** Keeps nothing: events live in the client alone, and end with it. */
export function memoryStorage(): EventStorage {
  return {
    volatile: true,
    open: async () => ({ events: [] }),
    adopt: async () => [],
    write: async () => true,
    close: async () => undefined,
  }
}
