import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Store } from '../../packages/server/src/store/store.ts'
import { behind, newestPosition, nextChanges } from '../../packages/server/src/windows/windows.ts'
import { freshSqlite } from '../database.ts'
import { openTestAnalytics, testConsumers } from './consumers.ts'
import { type GameLog, NOON, openGameLog } from './game-log.ts'

const MINUTE = 60_000
const ALL = { app: null, country: null, platform: null, metric: null } as const

describe('minutes that change', () => {
  let log: GameLog
  let analytics: Store
  beforeAll(async () => {
    log = await openGameLog({ fresh: freshSqlite })
    analytics = await openTestAnalytics(log.analyticsFile)
    const fields = { product_id: 'gems', amount_micros: 1_000_000, currency: 'EUR' }
    // Offsets 1 to 70, each in a minute of its own, the last one first.
    for (let n = 69; n >= 0; n -= 1) {
      await log.games({ type: 'purchase', player: 'ana', at: NOON + n * MINUTE, fields })
    }
  })
  afterAll(async () => {
    await analytics.close()
    await log.close()
  })
  const drain = () => testConsumers(log.store, { file: log.analyticsFile, analytics }).drain()
  const follow = async (from: number) => {
    const ids: (number | null)[] = []
    const starts: number[] = []
    for (let position = behind(from); ; ) {
      const changes = await nextChanges(analytics.read, position, ALL)
      const last = changes.at(-1)
      if (!last) return { ids, starts }
      ids.push(...changes.map(({ id }) => id))
      starts.push(...changes.map(({ window }) => ((window?.start ?? 0) - NOON) / MINUTE))
      position = last.position
    }
  }

  it('come in the order of their changes, each with the offset up to which nothing is missing', async () => {
    await drain()
    const { ids, starts } = await follow(0)
    expect(ids).toEqual(Array.from({ length: 70 }, (_, n) => n + 1))
    expect(starts).toEqual(Array.from({ length: 70 }, (_, n) => 69 - n))
    expect((await follow(68)).starts).toEqual([1, 0])
  })

  it('that one event changes together have its id on the last of them alone', async () => {
    const payload = { date: '2026-03-01', usd_per_unit: { EUR: '1.5' } }
    const { offset } = await log.plain({ type: 'rates', payload })
    await drain()
    const { ids, starts } = await follow(70)
    expect(starts).toEqual(Array.from({ length: 70 }, (_, n) => n))
    // A client that is cut off within them comes back with an older id, and gets them all again.
    expect(ids).toEqual([...Array.from({ length: 69 }, () => null), offset])
  })

  it('begin for a new follower with an hour of them', async () => {
    const changes = await nextChanges(analytics.read, await newestPosition(analytics.read), ALL)
    expect(changes).toHaveLength(60)
    expect(changes.at(-1)?.window).toMatchObject({ revenue_usd_micros: 1_500_000 })
  })
})
