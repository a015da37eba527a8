import type { Settings } from './settings.ts'

export type Entry = {
  readonly id: string
  readonly type: string
  /** Serialised once: what is stored, measured and sent is the same text. */
  readonly json: string
  readonly bytes: number
  /** On the monotonic clock of this run, which no wrong date can move. */
  readonly expires: number
  /** Part of the request that is under way: must not be given up. */
  sending?: boolean
}

/** What is given up last. `init` is among them because it says where a purchase came from. */
const LEVELS: Readonly<Record<string, number>> = {
  purchase: 2,
  'in-app-purchase': 2,
  install: 2,
  init: 1,
  session_start: 1,
  session_end: 1,
  sdk_health: 1,
}

/** 2: kept to the last and sent at once; 1: kept before all others; 0: all others. */
export const levelOf = (type: string): number => LEVELS[type] ?? 0

export type Backlog = ReturnType<typeof createBacklog>

/** The events that wait, in the order in which they will be sent. Finds the least important at once. */
export function createBacklog(settings: Settings) {
  const entries = new Map<string, Entry>()
  const levels = [new Set<Entry>(), new Set<Entry>(), new Set<Entry>()]
  let bytes = 0

  const levelSet = ({ type }: Entry): Set<Entry> | undefined => levels[levelOf(type)]

  return {
    size: () => entries.size,
    bytes: () => bytes,
    has: (id: string) => entries.has(id),

    insert(entry: Entry): void {
      entries.set(entry.id, entry)
      levelSet(entry)?.add(entry)
      bytes += entry.bytes
    },

    /** False when it had left already. */
    remove(entry: Entry): boolean {
      if (!entries.delete(entry.id)) return false
      levelSet(entry)?.delete(entry)
      bytes -= entry.bytes
      return true
    },

    isOverfull: () => entries.size > settings.queueEventsMax || bytes > settings.queueBytesMax,

    /** The oldest of the least important events below `level`; never one of a request under way. */
    worst(level: number): Entry | undefined {
      for (let at = 0; at < level; at += 1)
        for (const entry of levels[at] ?? []) if (!entry.sending) return entry
      return undefined
    },

    /** The oldest events that fit a batch. `bytesMax` bounds them with their commas. */
    oldest(eventsMax: number, bytesMax: number): Entry[] {
      const taken: Entry[] = []
      let size = 0
      for (const entry of entries.values()) {
        size += entry.bytes + 1
        if (taken.length >= eventsMax || (taken.length > 0 && size > bytesMax)) break
        taken.push(entry)
      }
      return taken
    },
  }
}
