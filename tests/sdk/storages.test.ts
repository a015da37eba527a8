import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { EventStorage } from '@questline/sdk'
import { asyncStorageQueue } from '@questline/sdk/storage/async'
import { fileStorage } from '@questline/sdk/storage/file'
import { type DatabaseFactory, indexedDbQueue } from '@questline/sdk/storage/indexeddb'
import { localStorageQueue } from '@questline/sdk/storage/local'
import { IDBFactory, IDBKeyRange } from 'fake-indexeddb'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createDevice, type Device, PURCHASE } from './device.ts'
import { createFakeServer } from './fake-server.ts'
import { createItems, createLocalItems } from './items.ts'
import { createLocks } from './locks.ts'

/** One place on a device. Each `tab()` opens it as another tab or process does. */
type Place = { tab(): EventStorage; killAll(): void }

const folders: string[] = []
beforeEach(() => vi.stubGlobal('IDBKeyRange', IDBKeyRange))
afterEach(() => {
  vi.unstubAllGlobals()
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

function asyncItems() {
  const { texts } = createLocalItems()
  const later = async <T>(call: () => T): Promise<T> => {
    await new Promise((resolve) => setImmediate(resolve))
    return call()
  }
  return {
    getAllKeys: () => later(() => [...texts.keys()]),
    getItem: (key: string) => later(() => texts.get(key) ?? null),
    setItem: (key: string, value: string) => later(() => texts.set(key, value)),
    removeItem: (key: string) => later(() => texts.delete(key)),
  }
}

/** fake-indexeddb says more of its types than the SDK asks for. */
const factory = (): DatabaseFactory => Object(new IDBFactory())

const PLACES: Readonly<Record<string, () => Place>> = {
  'localStorage with Web Locks': () => {
    const { storage, locks } = createItems()
    return { tab: storage, killAll: locks.killAll }
  },
  'localStorage without locks': () => {
    const items = createLocalItems()
    return {
      tab: () => localStorageQueue({ items, locks: null }),
      killAll: () => undefined,
    }
  },
  'IndexedDB with Web Locks': () => {
    const indexedDB = factory()
    const locks = createLocks()
    return {
      tab: () => indexedDbQueue({ indexedDB, locks: locks.tab() }),
      killAll: locks.killAll,
    }
  },
  'IndexedDB without locks': () => {
    const indexedDB = factory()
    return { tab: () => indexedDbQueue({ indexedDB, locks: null }), killAll: () => undefined }
  },
  'AsyncStorage of one runtime': () => {
    const items = asyncItems()
    const held: Record<symbol, Set<string> | undefined> = Object(globalThis)
    return {
      tab: () => asyncStorageQueue(items),
      killAll: () => held[Symbol.for('questline.queues')]?.clear(),
    }
  },
  'files of one process': () => {
    const folder = mkdtempSync(join(tmpdir(), 'questline-sdk-'))
    folders.push(folder)
    const open: EventStorage[] = []
    return {
      tab() {
        const storage = fileStorage(folder)
        open.push(storage)
        return storage
      },
      // What the death of a process does to its files, as far as one process can do it.
      killAll: () => {
        for (const storage of open.splice(0)) void storage.close()
      },
    }
  },
}

/** Ends the device as a crash does: nothing of it happens any more, and its locks are gone. */
const crash = (place: Place, ...devices: Device[]): void => {
  for (const { host } of devices) host.die()
  place.killAll()
}
/** Longer than any lease, and than the pause between two looks for orphans. */
const LONG = 200_000

describe.each(Object.entries(PLACES))('%s', (_, create) => {
  it('keeps events, their order, the device and its count through a crash', async () => {
    const place = create()
    const server = createFakeServer()
    server.fault = () => ({ kind: 'reset' })
    const first = createDevice(server, { storage: place.tab() })
    const ids: string[] = []
    // The wall clock goes back, so that ids do not tell the order.
    for (const day of [20, 10, 15]) {
      first.host.setClock(Date.UTC(2026, 3, day))
      const { event_id, stored } = await act(first, first.client.purchase(PURCHASE))
      expect(stored).toBe(true)
      ids.push(event_id)
    }
    crash(place, first)
    server.fault = undefined
    const at = Date.UTC(2026, 3, 15) + LONG
    const second = createDevice(server, { storage: place.tab(), seed: 2, at })
    await second.host.pass(LONG)
    const { event_id } = await act(second, second.client.purchase(PURCHASE))
    await second.host.pass(LONG)
    expect(server.stored.map((event) => event.event_id)).toEqual([...ids, event_id])
    expect(second.told.dropped).toEqual([])
    expect(server.violations).toEqual([])
    const counts = new Set(server.stored.map(({ device_id, seq }) => `${device_id}/${seq}`))
    expect(counts.size).toBe(4)
  })

  it('forgets what was sent', async () => {
    const place = create()
    const server = createFakeServer()
    const first = createDevice(server, { storage: place.tab() })
    for (let n = 0; n < 45; n += 1) first.client.track('custom', { name: 'a' })
    await first.host.pass(LONG)
    expect(server.stored).toHaveLength(45)
    await act(first, first.client.shutdown())
    const second = createDevice(server, { storage: place.tab(), seed: 2 })
    await second.host.pass(LONG)
    expect(server.requests.flatMap(({ events }) => events)).toHaveLength(45)
  })

  it('continues the count of its device in the next run', async () => {
    const place = create()
    const server = createFakeServer()
    for (const seed of [1, 2, 3]) {
      const { client, host } = createDevice(server, { storage: place.tab(), seed })
      client.track('custom', { name: 'a' })
      await host.pass(LONG)
      await act({ host }, client.shutdown())
    }
    expect(server.stored.map((event) => event.seq)).toEqual([1, 2, 3])
    expect(new Set(server.stored.map((event) => event.device_id)).size).toBe(1)
  })

  it('lets two tabs write at once: nothing is overwritten, nothing is sent by both', async () => {
    const place = create()
    const server = createFakeServer()
    const tabs = [1, 2, 3].map((seed) => createDevice(server, { storage: place.tab(), seed }))
    const ids: string[] = []
    for (let round = 0; round < 10; round += 1) {
      for (const { client } of tabs)
        for (let n = 0; n < 7; n += 1) ids.push(client.track('custom', { name: `${n}` }))
      await Promise.all(tabs.map(({ host }) => host.pass(10_000)))
    }
    await Promise.all(tabs.map(({ host }) => host.pass(LONG)))
    expect(server.stored.map((event) => event.event_id).sort()).toEqual(ids.sort())
    expect(server.requests.flatMap(({ events }) => events)).toHaveLength(ids.length)
    const counts = new Set(server.stored.map(({ device_id, seq }) => `${device_id}/${seq}`))
    expect(counts.size).toBe(ids.length)
    expect(server.violations).toEqual([])
  })

  it('hands the events of a tab that died to one of those that live', async () => {
    const place = create()
    const server = createFakeServer()
    server.fault = () => ({ kind: 'reset' })
    const dead = [1, 2].map((seed) => createDevice(server, { storage: place.tab(), seed }))
    const ids: string[] = []
    for (const device of dead)
      for (let n = 0; n < 5; n += 1) {
        const done = act(device, device.client.purchase(PURCHASE))
        ids.push((await done).event_id)
      }
    crash(place, ...dead)
    server.fault = undefined
    const before = server.requests.length
    const at = dead[0]?.host.now()
    const living = [3, 4].map((seed) =>
      createDevice(server, { storage: place.tab(), seed, ...(at ? { at: at + 1_000 } : {}) }),
    )
    for (let turn = 0; turn < 6; turn += 1) {
      for (const { client } of living) client.track('custom', { name: 'alive' })
      await Promise.all(living.map(({ host }) => host.pass(60_000)))
    }
    const purchases = server.stored.filter((event) => event.event_type === 'purchase')
    expect(purchases.map((event) => event.event_id).sort()).toEqual(ids.sort())
    const sent = server.requests.slice(before).flatMap(({ events }) => events)
    expect(sent.filter((event) => ids.includes(event.event_id))).toHaveLength(ids.length)
    expect(server.violations).toEqual([])
  })
})

/** Lets time pass until `done` is. */
async function act<T>({ host }: Pick<Device, 'host'>, done: Promise<T>): Promise<T> {
  await host.pass(1_000)
  return done
}
