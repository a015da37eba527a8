// The durable queue as the client sees it: one writer, so that memory and disk cannot disagree. A
// storage that several tabs or processes open gives each a queue of its own, under a lock that ends
// with its holder, and hands over queues whose holder is gone.
import type { Host } from '../host.ts'

export type StoredEvent = readonly [id: string, json: string]

export type OpenedQueue = {
  /** As last written; undefined in a new queue. */
  readonly state?: string | undefined
  readonly events: readonly StoredEvent[]
}

/** All of it happens, or none of it is promised. */
export type QueueChange = {
  readonly put: readonly StoredEvent[]
  /** Ids; those that are not there are passed over. */
  readonly remove: readonly string[]
  readonly state: string
  /** Must survive a loss of power, not only the death of the process. */
  readonly urgent: boolean
}

export interface EventStorage {
  /** True where the end of the process is the end of the queue. */
  readonly volatile?: boolean
  /** Takes the first queue that nobody holds, or makes one. `name` tells apps apart. */
  open(name: string, host: Host): Promise<OpenedQueue>
  /** Events of queues whose holder is gone, each once. They are removed by `write` like others. */
  adopt(): Promise<readonly StoredEvent[]>
  /** Removes before it puts. False: the queue was lost to another holder, nothing was written. */
  write(change: QueueChange): Promise<boolean>
  /** Lets go of the queue. */
  close(): Promise<void>
}
