// The days before are counted anew once a day: over restarts, after failures, after days without anybody.
import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Stop } from '../packages/server/src/platform/platform.ts'
import { scheduleRestatement } from '../packages/server/src/reports-desk/daily-restatement.ts'
import { migrate, type Store } from '../packages/server/src/store/store.ts'
import { DATABASES, type FreshDatabase } from './database.ts'
import { openTestStore } from './open-store.ts'

const LOOK_MS = 5

describe.each(DATABASES)('the restatement of days on $name', (database) => {
  let fresh: FreshDatabase
  let store: Store
  let stops: Stop[] = []
  beforeEach(async () => {
    fresh = await database.fresh()
    store = openTestStore(fresh.url)
    await migrate(store, () => 0)
  })
  afterEach(async () => {
    for (const stop of stops) await stop()
    stops = []
    await store.close()
    await fresh.drop()
  })
  const looks = () => sleep(LOOK_MS * 40)

  async function aNode(now: string, restate?: (signal: AbortSignal) => Promise<void>, on = true) {
    const node = { now: Date.parse(now), counted: [] as string[] }
    const parts = {
      ...{ store, clock: { now: () => node.now }, logger: pino({ level: 'silent' }) },
      restate: async (from: string, to: string, signal: AbortSignal) => {
        node.counted.push(`${from} ${to}`)
        await restate?.(signal)
      },
    }
    const settings = { on, delayMs: 60 * 60_000 }
    stops.push(await scheduleRestatement(parts, settings, LOOK_MS))
    await looks()
    return node
  }

  it('counts yesterday, once, at its delay after midnight UTC', async () => {
    const node = await aNode('2026-03-02T00:59:59.999Z')
    expect(node.counted).toEqual([])
    node.now = Date.parse('2026-03-02T01:00:00Z')
    await looks()
    expect(node.counted).toEqual(['2026-03-01 2026-03-01'])
    node.now = Date.parse('2026-03-03T00:59:00Z')
    await looks()
    expect(node.counted).toHaveLength(1)
    node.now = Date.parse('2026-03-03T02:00:00Z')
    await looks()
    expect(node.counted[1]).toBe('2026-03-02 2026-03-02')
  })

  it('counts nothing again after a restart, and what was missed after days without anybody', async () => {
    await aNode('2026-03-02T02:00:00Z')
    await stops.pop()?.()
    const second = await aNode('2026-03-02T03:00:00Z')
    expect(second.counted).toEqual([])
    await stops.pop()?.()
    const third = await aNode('2026-03-05T12:00:00Z')
    expect(third.counted).toEqual(['2026-03-02 2026-03-04'])
    await stops.pop()?.()
    const muchLater = await aNode('2026-04-05T12:00:00Z')
    expect(muchLater.counted).toEqual(['2026-03-30 2026-04-04'])
  })

  it('tries again what has failed, until it is done', async () => {
    let failures = 2
    const node = await aNode('2026-03-02T02:00:00Z', async () => {
      if (failures-- > 0) throw new Error('Flink does not answer')
    })
    expect(node.counted).toEqual(Array(3).fill('2026-03-01 2026-03-01'))
  })

  it('ends with the server, and the next start counts the same days', async () => {
    let ended = false
    await aNode('2026-03-02T02:00:00Z', async (signal) => {
      await sleep(60_000, undefined, { signal }).finally(() => {
        ended = true
      })
    })
    await stops.pop()?.()
    expect(ended).toBe(true)
    expect((await aNode('2026-03-02T02:00:00Z')).counted).toEqual(['2026-03-01 2026-03-01'])
  })

  it('is off unless it is set', async () => {
    expect((await aNode('2026-03-02T02:00:00Z', undefined, false)).counted).toEqual([])
  })
})
