// Whoever may call `POST /event` names its type: however many names come, numbers stay readable.
import { setImmediate } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readKpi } from '../../packages/server/src/windows/windows.ts'
import { freshSqlite } from '../database.ts'
import { openTestAnalytics, testConsumers } from './consumers.ts'
import { type GameLog, NOON, openGameLog } from './game-log.ts'

const DAY = 86_400_000
const MAX = 200

describe('the types of POST /event', () => {
  let log: GameLog
  beforeAll(async () => {
    log = await openGameLog({ fresh: freshSqlite })
    // A game's own type that comes late still has its name.
    for (let n = 0; n < MAX + 60; n += 1) await log.plain({ type: `type ${n}`, player: 'eve' })
    await log.games({ type: 'session_start', player: 'ana' })
    await log.plain({ type: 'type 7', player: 'eve', at: NOON + 60_000 })
    await log.plain({ type: 'type 250', player: 'eve', at: NOON + 60_000 })
    // Another day and another app have bounds of their own.
    await log.plain({ type: 'type 250', player: 'eve', at: NOON + DAY })
    await log.plain({ type: 'type 250', player: 'eve', app: 'other' })
  })
  afterAll(() => log.close())

  /** Counted with so many offsets at once, by processes that forget what the one before knew. */
  const typesOf = async (batchEvents: number, day: number, app: string) => {
    const file = `${log.analyticsFile}-${batchEvents}`
    const analytics = await openTestAnalytics(file)
    try {
      let taken = 1
      while (taken > 0) {
        taken = 0
        const { stages } = testConsumers(log.store, { file, analytics }, { batchEvents })
        for (const stage of stages) taken += await stage.step()
        for (const stage of stages) stage.lease.release()
        await setImmediate()
      }
      const from = NOON - (NOON % DAY) + day * DAY
      const query = {
        grain: 'day',
        from,
        to: from + DAY,
        app,
        country: null,
        platform: null,
      } as const
      const [window] = await readKpi(analytics.read, { ...query, metric: 'events_by_type' })
      return new Map(window?.events_by_type?.map((of) => [of.event_type, of.count]))
    } finally {
      await analytics.close()
    }
  }

  it.each([7, 100, 1_000])('have names up to a bound, %i offsets at once', async (batchEvents) => {
    const types = await typesOf(batchEvents, 0, 'game')
    expect(types.size).toBe(MAX + 2)
    expect([types.get('type 199'), types.get('type 200')]).toEqual([1, undefined])
    expect([types.get('type 7'), types.get('session_start')]).toEqual([2, 1])
    expect(types.get('(OTHER)')).toBe(61)
    expect(await typesOf(batchEvents, 1, 'game')).toEqual(new Map([['type 250', 1]]))
    expect(await typesOf(batchEvents, 0, 'other')).toEqual(new Map([['type 250', 1]]))
  })
})
