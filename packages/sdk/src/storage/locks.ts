// How a queue has one holder. Each kind gives the lock up with the holder's death: the browser does it
// for its own locks, a lease runs out, and what one runtime holds ends with the runtime.
import type { Host } from '../host.ts'
import { uuidv7 } from '../uuid.ts'
import type { Items } from './items.ts'

export type Lock = {
  /** False once another may have it. */
  isHeld(): Promise<boolean>
  release(): Promise<void>
}

/** Takes the lock of this name, or gives undefined at once when it is held. */
export type TakeLock = (name: string) => Promise<Lock | undefined>

export interface WebLocks {
  request(
    name: string,
    options: { readonly ifAvailable: true },
    granted: (lock: unknown) => Promise<void> | undefined,
  ): Promise<unknown>
}

/** The browser's locks, held by one tab, worker or window until it ends. */
export const webLocks =
  (locks: WebLocks): TakeLock =>
  (name) =>
    new Promise((resolve, reject) => {
      const granted = (lock: unknown): Promise<void> | undefined => {
        if (lock)
          return new Promise((end) => {
            resolve({ isHeld: async () => true, release: async () => end() })
          })
        resolve(undefined)
        return undefined
      }
      locks.request(name, { ifAvailable: true }, granted).catch(reject)
    })

const LEASE_MS = 15_000
/** Longer than a tab takes to write: of two that write at once, the later one stands. */
const SETTLE_MS = 100

/** For browsers without locks: a note with a date in the storage, renewed while its writer lives. */
export function leaseLocks(items: Items, host: Host): TakeLock {
  const wait = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      host.setTimer(resolve, ms)
    })
  return async (name) => {
    // Not among the events of the queue that it locks.
    const key = `lease:${name}`
    const owner = uuidv7(host)
    const read = async (): Promise<string[]> => ((await items.texts([key]))[0] ?? '').split(' ')
    const renew = async (): Promise<void> =>
      items.write([[key, `${owner} ${host.now() + LEASE_MS}`]], [])
    const isHeld = async (): Promise<boolean> => (await read())[0] === owner
    const [, until] = await read()
    const left = Number(until ?? 0) - host.now()
    // A lease that seems to run for long is of a clock that was wrong.
    if (left > 0 && left < 2 * LEASE_MS) return undefined
    await renew()
    await wait(SETTLE_MS)
    if (!(await isHeld())) return undefined
    let isReleased = false
    const keep = async (): Promise<void> => {
      for (;;) {
        await wait(LEASE_MS / 3)
        if (isReleased || !(await isHeld())) return
        await renew()
      }
    }
    keep().catch(() => undefined)
    return {
      isHeld,
      async release() {
        isReleased = true
        if (await isHeld()) await items.write([], [key])
      },
    }
  }
}

/** For one runtime that has its storage to itself. Seen by copies of this code that were loaded again. */
export const runtimeLocks = (): TakeLock => {
  const scope: { [key: symbol]: Set<string> | undefined } = Object(globalThis)
  const key = Symbol.for('questline.queues')
  return async (name) => {
    scope[key] ??= new Set()
    const held = scope[key]
    if (held.has(name)) return undefined
    held.add(name)
    return {
      isHeld: async () => true,
      async release() {
        held.delete(name)
      },
    }
  }
}
