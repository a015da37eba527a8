import type { Entry } from './backlog.ts'
import type { QueueChange, StoredEvent } from './storage/storage.ts'

export type JournalParts = {
  /** As a storage's: false when the queue was lost. */
  write(change: QueueChange): Promise<boolean>
  /** What must be stored beside the events now: who counts, and how far. */
  state(): string
  /** False: it was given up before it was ever written. */
  isWaiting(entry: Entry): boolean
  isUrgent(entry: Entry): boolean
  /** The queue went to another holder: takes another one. */
  reopen(): Promise<void>
  /** Gives up what matters less than `entries`; false when there is nothing. */
  makeRoom(entries: readonly Entry[]): boolean
  failed(error: unknown): void
}

export type Journal = ReturnType<typeof createJournal>

/** Brings what happens to the queue to the storage, one write at a time, in the order it happened. */
export function createJournal(parts: JournalParts) {
  let puts: Entry[] = []
  let removes: string[] = []
  let group: Promise<boolean> | undefined
  let last: Promise<boolean> = Promise.resolve(true)

  const write = async (): Promise<boolean> => {
    for (;;) {
      const put = puts.filter(parts.isWaiting)
      const remove = removes
      puts = []
      removes = []
      try {
        const stored = put.map(({ id, json }): StoredEvent => [id, json])
        const urgent = put.some(parts.isUrgent)
        if (await parts.write({ put: stored, remove, state: parts.state(), urgent })) return true
        puts = put.concat(puts)
        await parts.reopen()
      } catch (error) {
        puts = put.concat(puts)
        removes = remove.concat(removes)
        // A disk can be fuller than the queue's own bounds.
        if (!/quota|full|space/i.test(String(error)) || !parts.makeRoom(put)) {
          parts.failed(error)
          return false
        }
      }
    }
  }

  return {
    put: (entry: Entry) => puts.push(entry),
    remove: (id: string) => removes.push(id),
    /** Writes what has changed; calls of one moment share a write. False: it stays in memory only. */
    save(): Promise<boolean> {
      group ??= last = last.then(() => {
        group = undefined
        return write()
      })
      return group
    },
    /** Until all that was put is written, or could not be. */
    settled: (): Promise<boolean> => group ?? last,
  }
}
