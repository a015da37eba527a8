import { createBacklog, type Entry, levelOf } from './backlog.ts'
import type { Host } from './host.ts'
import { type Drops, Identity } from './identity.ts'
import { createJournal } from './journal.ts'
import type { Settings } from './settings.ts'
import { memoryStorage } from './storage/memory.ts'
import type { EventStorage, StoredEvent } from './storage/storage.ts'
import { utf8Bytes } from './utf8.ts'

/**
 * `rejected`: the server refused the whole request for good; `invalid`: no JSON can be made of it;
 * `storage-failed`: what was stored cannot be read any more; `closed`: it came after `shutdown`.
 */
export type DropReason =
  | 'queue-full'
  | 'expired'
  | 'too-large'
  | 'rejected'
  | 'invalid'
  | 'storage-failed'
  | 'closed'

export type QueueParts = {
  /** Tells the queues of apps apart. */
  readonly name: string
  readonly host: Host
  readonly settings: Settings
  readonly storage: EventStorage
  dropped(id: string, type: string, reason: DropReason): void
  storageFailed(error: unknown): void
}

const LEVELS = 3
/** No right clock ran this code before. An event that says so was made on a device without a date. */
const FIRST_DATE = Date.UTC(2026, 0)

/** The events that wait, in memory and in the storage. Each gets the next number of this device. */
export class Queue {
  readonly #parts: QueueParts
  #storage: EventStorage
  readonly #identity: Identity
  readonly #backlog
  readonly #journal

  constructor(parts: QueueParts) {
    this.#parts = parts
    this.#storage = parts.storage
    this.#identity = new Identity(parts.host)
    const backlog = createBacklog(parts.settings)
    this.#backlog = backlog
    this.#journal = createJournal({
      write: (change) => this.#storage.write(change),
      state: () => this.#identity.text(),
      isWaiting: ({ id }) => backlog.has(id),
      isUrgent: ({ type }) => levelOf(type) > 1,
      reopen: () => this.#take(),
      makeRoom: (put) => this.#makeRoom(put),
      failed: parts.storageFailed,
    })
  }

  /** Takes a queue of the storage; where that fails, the events live in memory. */
  async open(): Promise<void> {
    try {
      await this.#take()
    } catch (error) {
      this.#parts.storageFailed(error)
      this.#storage = memoryStorage()
    }
  }

  async #take(): Promise<void> {
    const { state, events } = await this.#storage.open(this.#parts.name, this.#parts.host)
    this.#identity.read(state)
    this.#load(events)
  }

  /** Brings in the events of tabs and processes that died. */
  async adopt(): Promise<void> {
    this.#load(await this.#storage.adopt())
  }

  #load(events: readonly StoredEvent[]): void {
    const found = events.flatMap(([id, json]) => {
      if (this.#backlog.has(id)) return []
      try {
        return { id, json, event: { ...JSON.parse(json) } }
      } catch {
        this.#journal.remove(id)
        this.giveUp(id, '', 'storage-failed')
        return []
      }
    })
    // Ids do not tell the order, since clocks jump; each device's own count does.
    const rank = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
    found.sort((a, b) => rank(a.event.device_id, b.event.device_id) || a.event.seq - b.event.seq)
    for (const { id, json, event } of found) {
      const at = Date.parse(event.occurred_at)
      const age = at < FIRST_DATE ? 0 : Math.max(0, this.#parts.host.now() - at)
      this.#identity.saw(event.device_id, event.seq)
      this.#insert(id, event.event_type, json, utf8Bytes(json), age)
    }
    this.#trim(this.#backlog.isOverfull)
  }

  #insert(id: string, type: string, json: string, bytes: number, age: number): Entry {
    const expires = this.#parts.host.monotonic() + this.#parts.settings.ageMaxMs - age
    const entry: Entry = { id, type, json, bytes, expires }
    this.#backlog.insert(entry)
    return entry
  }

  /**
   * Adds an event that is serialised but for its device and number. Undefined when it is too large,
   * or was the least important thing in a full queue.
   */
  add(id: string, type: string, event: string, hasPlayer: boolean): Entry | undefined {
    if (this.#backlog.has(id)) return undefined
    const json = this.#identity.stamp(event, hasPlayer)
    const bytes = utf8Bytes(json)
    if (bytes > this.#parts.settings.eventBytesMax) return this.giveUp(id, type, 'too-large')
    this.#identity.advance()
    const entry = this.#insert(id, type, json, bytes, 0)
    this.#journal.put(entry)
    this.#trim(this.#backlog.isOverfull)
    return this.#backlog.has(id) ? entry : undefined
  }

  #trim(isTooMuch: () => boolean, below = LEVELS): void {
    while (isTooMuch()) {
      const entry = this.#backlog.worst(below)
      if (!entry) return
      this.drop(entry, 'queue-full')
    }
  }

  /** The disk is fuller than our bounds: a tenth goes, of what matters less than what must be stored. */
  #makeRoom(put: readonly Entry[]): boolean {
    const before = this.#backlog.bytes()
    const level = Math.max(0, ...put.map(({ type }) => levelOf(type)))
    this.#trim(() => this.#backlog.bytes() > before * 0.9, level)
    return this.#backlog.bytes() < before
  }

  /** The next batch, oldest first. What has become too old is given up on the way. */
  next(eventsMax: number, bytesMax: number): Entry[] {
    for (;;) {
      const entries = this.#backlog.oldest(eventsMax, bytesMax)
      const old = entries.filter((entry) => !this.isCurrent(entry))
      if (old.length === 0) return entries
      for (const entry of old) this.drop(entry, 'expired')
    }
  }

  /** An event has its final answer. */
  remove(entry: Entry): void {
    if (this.#backlog.remove(entry)) this.#journal.remove(entry.id)
  }

  drop(entry: Entry, reason: DropReason): void {
    this.remove(entry)
    // A report of losses that is lost gives its figures back to the next one.
    if (entry.type === 'sdk_health') this.#identity.count(JSON.parse(entry.json).dropped_by_reason)
    else this.giveUp(entry.id, entry.type, reason)
  }

  /** Counts and tells the loss of an event that is in no queue. */
  giveUp(id: string, type: string, reason: DropReason): undefined {
    this.#identity.count({ [reason]: 1 })
    this.#parts.dropped(id, type, reason)
  }

  takeDrops(): Drops | undefined {
    return this.#identity.takeDrops()
  }

  size(): number {
    return this.#backlog.size()
  }

  /** Still waits, and is not too old. */
  isCurrent({ id, expires }: Entry): boolean {
    return this.#backlog.has(id) && expires >= this.#parts.host.monotonic()
  }

  /** Writes what has changed. True once it outlives this process. */
  async save(): Promise<boolean> {
    return (await this.#journal.save()) && !this.#storage.volatile
  }

  /** Until what was added is written or could not be: only what is stored is sent. */
  settled(): Promise<unknown> {
    return this.#journal.settled()
  }

  async close(): Promise<void> {
    await this.#journal.save()
    const storage = this.#storage
    // An answer that is still to come finds nothing to write to.
    this.#storage = memoryStorage()
    await storage.close()
  }
}
