import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import {
  ANALYTICS,
  type FreshAnalytics,
  openTestAnalytics,
} from '../../../../tests/pipeline/consumers.ts'
import { systemRandom } from '../platform/platform.ts'
import type { Store } from '../store/store.ts'
import type { Lease } from './lease.ts'
import { createSharedLeases } from './shared-lease.ts'
import { onAnalytics } from './statement.ts'

const ROW = onAnalytics('test.lease', 'SELECT holder, token, expires_at FROM analytics.leases')
const EXPIRE = onAnalytics('test.expire-lease', 'UPDATE analytics.leases SET expires_at = 1')
const CLEAR = onAnalytics('test.clear-leases', 'DELETE FROM analytics.leases')

describe.each(ANALYTICS)('a lease in $name', ({ fresh }) => {
  let place: FreshAnalytics
  let store: Store
  const taken: Lease[] = []
  let now = 0

  beforeAll(async () => {
    place = await fresh()
    store = await openTestAnalytics(place.at)
  })
  afterEach(async () => {
    for (const lease of taken.splice(0)) await lease.release()
    await store.transaction((tx) => tx.run(CLEAR, [[]]))
  })
  afterAll(async () => {
    await store.close()
    await place.drop()
  })

  /** That of another process. */
  const aLease = (changes: Partial<Store> = {}): Lease => {
    const parts = { store: { ...store, ...changes }, monotonic: () => now, random: systemRandom() }
    const lease = createSharedLeases(parts)('counting')
    taken.push(lease)
    return lease
  }
  const token = async (): Promise<unknown> =>
    (await store.read<{ token: number }>(ROW, []))[0]?.token
  const expire = () => store.transaction((tx) => tx.run(EXPIRE, [[]]))

  it('is held by one, and the other one gets it when it is released', async () => {
    const [one, other] = [aLease(), aLease()]
    expect([await one.take(), await other.take(), await one.take()]).toEqual([true, false, true])
    expect(await token()).toBe(1)
    await one.release()
    expect([await other.take(), await one.take()]).toEqual([true, false])
    expect(await token()).toBe(2)
  })

  it('costs nothing while it is ours, until it may have expired', async () => {
    let asked = 0
    const lease = aLease({
      transaction(work) {
        asked += 1
        return store.transaction(work)
      },
    })
    await lease.take()
    now += 9_999
    await lease.take()
    expect(asked).toBe(1)
    now += 1
    expect(await lease.take()).toBe(true)
    expect(asked).toBe(2)
    expect(await token()).toBe(1)
  })

  it('goes to another one when its holder says nothing for long, and the holder learns it', async () => {
    const [one, other] = [aLease(), aLease()]
    await one.take()
    await expire()
    expect(await other.take()).toBe(true)
    expect(await token()).toBe(2)
    // The one that was stopped for so long takes itself for the holder no more.
    now += 10_000
    expect(await one.take()).toBe(false)
    await one.release()
    expect(await other.take()).toBe(true)
  })

  it('of two who ask at once goes to one', async () => {
    for (let round = 1; round <= 10; round += 1) {
      const answers = await Promise.all([aLease(), aLease(), aLease()].map((lease) => lease.take()))
      expect(answers.filter(Boolean)).toHaveLength(1)
      expect(await token()).toBe(round)
      await expire()
    }
  })

  it('is renewed while a step takes long', async () => {
    const lease = aLease()
    await lease.take()
    const until = async () => (await store.read<{ expires_at: number }>(ROW, []))[0]?.expires_at
    const first = await until()
    await expect.poll(until, { timeout: 8_000 }).toBeGreaterThan(Number(first))
    expect(await token()).toBe(1)
  })

  it('is not ours while nobody can be asked', async () => {
    const lease = aLease({ transaction: () => Promise.reject(new Error('the database is away')) })
    await expect(lease.take()).rejects.toThrow('away')
  })
})
