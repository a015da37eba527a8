import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { DATABASES, type FreshDatabase } from '../../../../tests/database.ts'
import { aClock } from '../../../../tests/fresh-accounts.ts'
import { openTestStore } from '../../../../tests/open-store.ts'
import { plainSql } from '../../../../tests/plain-sql.ts'
import { systemClock } from '../platform/platform.ts'
import { createWriter, migrate, type Store } from '../store/store.ts'
import { createLiveNodes, createSharedFailures, type Failures } from './nodes.ts'

let fresh: FreshDatabase
let store: Store
const clock = aClock()

const writerOn = (on: Store) =>
  createWriter(
    { store: on, monotonic: systemClock.monotonic, onFatal: () => undefined },
    { commitWritesMax: 100 },
  )
const oneMore = (before: Failures | null): Failures => ({
  count: (before?.count ?? 0) + 1,
  untilAt: clock.now() + 5_000,
  lastAt: clock.now(),
})

describe.each(DATABASES)('on $name', (database) => {
  beforeEach(async () => {
    fresh = await database.fresh()
    store = openTestStore(fresh.url)
    await migrate(store, clock.now)
  })
  afterEach(async () => {
    await store.close()
    await fresh.drop()
  })

  it('failures that two nodes count at once are all counted', async () => {
    const other = openTestStore(fresh.url)
    const nodes = [store, other].map((on) =>
      createSharedFailures({ store: on, writer: writerOn(on) }),
    )
    await Promise.all(
      nodes.flatMap((node) => Array.from({ length: 30 }, () => node.change('ada', oneMore))),
    )
    for (const node of nodes) expect(await node.find('ada')).toMatchObject({ count: 60 })
    expect(await nodes[0]?.find('bob')).toBe(null)
    await other.close()
  })

  it('failures are forgotten on demand and by age, and no name lies in the table', async () => {
    const failures = createSharedFailures({ store, writer: writerOn(store) })
    await Promise.all(['ada', 'bob'].map((name) => failures.change(name, oneMore)))
    await failures.change('ada', () => null)
    expect(await failures.find('ada')).toBe(null)
    await failures.sweep(clock.now())
    expect(await failures.find('bob')).toMatchObject({ count: 1 })
    const [row] = await plainSql(fresh.url, 'SELECT * FROM login_failures')
    expect(Buffer.from(row?.['failure_key'] as Uint8Array).toString()).not.toContain('bob')
    await failures.sweep(clock.now() + 1)
    expect(await failures.find('bob')).toBe(null)
  })

  it('a node counts those that live: not one that left, nor one that missed three beats', async () => {
    const [one, two, three] = ['one', 'two', 'three'].map((nodeId) =>
      createLiveNodes({ store, clock }, { nodeId, beatMs: 5_000 }),
    )
    if (!one || !two || !three) throw new Error('there are three')
    expect(one.count()).toBe(1)
    for (const node of [one, two, three, one]) await node.beat()
    expect(one.count()).toBe(3)
    await two.leave()
    await one.beat()
    expect(one.count()).toBe(2)
    clock.advance(14_999)
    await one.beat()
    expect(one.count()).toBe(2)
    clock.advance(1)
    await one.beat()
    expect(one.count()).toBe(1)
  })

  it('the last count stands while the database is away', async () => {
    const failing: Store = { ...store, transaction: () => Promise.reject(new Error('away')) }
    const node = createLiveNodes({ store, clock }, { nodeId: 'one', beatMs: 5_000 })
    const other = createLiveNodes({ store, clock }, { nodeId: 'two', beatMs: 5_000 })
    await other.beat()
    await node.beat()
    const away = createLiveNodes({ store: failing, clock }, { nodeId: 'three', beatMs: 5_000 })
    await expect(away.beat()).rejects.toThrow('away')
    expect([node.count(), away.count()]).toEqual([2, 1])
  })
})
