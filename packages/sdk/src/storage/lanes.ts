import type { Host } from '../host.ts'
import type { Items } from './items.ts'
import type { Lock, TakeLock } from './locks.ts'
import type { EventStorage, StoredEvent } from './storage.ts'

/** What opens the items of one app, and how its queues are locked. */
export type Connect = (
  name: string,
  host: Host,
) => Promise<{ readonly items: Items; readonly take: TakeLock }>

const STATE = 'state'

/**
 * Queues side by side in one store of texts: `<app>/<number>/<event id>`. Each client writes only to
 * the queue that it holds, one text per event, so that no two tabs can overwrite each other.
 */
export function createLanes(connect: Connect): EventStorage {
  let items: Items
  let take: TakeLock
  let root = ''
  let own = ''
  /** Which queue an adopted event lies in, and the locks of all queues that are held. */
  const laneOf = new Map<string, string>()
  const locks = new Map<string, Lock>()

  const events = async (lane: string): Promise<StoredEvent[]> => {
    const keys = await items.keys(lane)
    const texts = await items.texts(keys)
    return keys.map((key, at) => [key.slice(lane.length), texts[at] ?? ''] as const)
  }
  const release = async (lane: string): Promise<void> => {
    await locks.get(lane)?.release()
    locks.delete(lane)
  }
  const adoptLane = async (lane: string): Promise<StoredEvent[]> => {
    const lock = locks.has(lane) ? undefined : await take(lane)
    if (!lock) return []
    locks.set(lane, lock)
    // Read under the lock: what was seen before may have been sent meanwhile.
    const found = (await events(lane)).filter(([id]) => id !== STATE)
    for (const [id] of found) laneOf.set(id, lane)
    if (found.length === 0) await release(lane)
    return found
  }

  return {
    async open(name, host) {
      if (root === '') ({ items, take } = await connect(name, host))
      root = `questline/${name}/`
      for (let number = 1; ; number += 1) {
        own = `${root}${number}/`
        const lock = await take(own)
        if (!lock) continue
        locks.set(own, lock)
        const found = await events(own)
        const state = found.find(([id]) => id === STATE)?.[1]
        return { state, events: found.filter(([id]) => id !== STATE) }
      }
    },

    async adopt() {
      const lanes = new Set<string>()
      for (const key of await items.keys(root)) {
        const at = key.indexOf('/', root.length) + 1
        if (at > 0 && !key.endsWith(STATE)) lanes.add(key.slice(0, at))
      }
      const found: StoredEvent[] = []
      for (const lane of lanes) found.push(...(await adoptLane(lane)))
      return found
    },

    async write({ put, remove, state, urgent }) {
      if (!(await locks.get(own)?.isHeld())) {
        locks.delete(own)
        return false
      }
      const gone = remove.map((id) => (laneOf.get(id) ?? own) + id)
      const stored = put.map(([id, json]) => [own + id, json] as const)
      await items.write([[own + STATE, state], ...stored], gone, urgent)
      const lanes = new Set(remove.map((id) => laneOf.get(id)))
      for (const id of remove) laneOf.delete(id)
      const left = new Set(laneOf.values())
      for (const lane of lanes) if (lane && !left.has(lane)) await release(lane)
      return true
    },

    async close() {
      for (const lane of [...locks.keys()]) await release(lane)
      await items.close?.()
    },
  }
}
