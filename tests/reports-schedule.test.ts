// Once a day: over restarts, over several nodes, after a night in which nobody was there.
import { Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Stop } from '../packages/server/src/platform/platform.ts'
import {
  type DailyReportsParts,
  scheduleReports,
} from '../packages/server/src/reports-desk/daily-reports.ts'
import { migrate, type Store } from '../packages/server/src/store/store.ts'
import { DATABASES, type FreshDatabase } from './database.ts'
import { startServer, type TestServer } from './http/server.ts'
import { createSwitch } from './http/switch.ts'
import { openTestStore } from './open-store.ts'
import { PLAIN_QUESTLINE } from './report-runs/plain-questline.ts'

const LOOK_MS = 5
const LOOKS = 40
const at = (text: string): number => Date.parse(text)

describe.each(DATABASES)('on $name', (database) => {
  let fresh: FreshDatabase
  let store: Store
  const stops: Stop[] = []
  const stores: Store[] = []
  const openStore = (): Store => {
    const opened = openTestStore(fresh.url)
    stores.push(opened)
    return opened
  }
  beforeEach(async () => {
    fresh = await database.fresh()
    store = openStore()
    await migrate(store, () => 0)
  })
  afterEach(async () => {
    for (const stop of stops.splice(0)) await stop()
    for (const opened of stores.splice(0)) await opened.close()
    await fresh.drop()
  })

  /** A node with a clock of its own, and what it did. */
  async function aNode(now: string, changes: Partial<DailyReportsParts> = {}, on = true) {
    const node = { now: at(now), runs: 0, logged: [] as string[] }
    const sink = new Writable({
      write(chunk, _encoding, done) {
        node.logged.push(JSON.parse(String(chunk)).msg)
        done()
      },
    })
    const parts: DailyReportsParts = {
      store,
      clock: { now: () => node.now },
      logger: pino(sink),
      start: async () => {
        node.runs += 1
        return { run: 'x', ended: new Promise(() => undefined) }
      },
      isBusy: async () => false,
      ...changes,
    }
    const settings = { on, delayMs: 30 * 60_000 }
    stops.push(await scheduleReports(parts, settings, LOOK_MS))
    return node
  }
  const looks = (): Promise<void> => sleep(LOOK_MS * LOOKS)

  it('makes the reports once on each day, at its delay after midnight UTC', async () => {
    const node = await aNode('2026-03-01T00:29:59.999Z')
    await looks()
    expect(node.runs).toBe(0)
    node.now = at('2026-03-01T00:30:00Z')
    await looks()
    expect(node.runs).toBe(1)
    node.now = at('2026-03-01T23:59:59Z')
    await looks()
    expect(node.runs).toBe(1)
    node.now = at('2026-03-02T00:10:00Z')
    await looks()
    expect(node.runs).toBe(1)
    node.now = at('2026-03-02T00:31:00Z')
    await looks()
    expect(node.runs).toBe(2)
  })

  it('makes those of today at start, when nobody was there in time', async () => {
    const node = await aNode('2026-03-05T17:00:00Z')
    await looks()
    expect(node.runs).toBe(1)
  })

  it('makes none again after a restart', async () => {
    const first = await aNode('2026-03-01T01:00:00Z')
    await looks()
    await stops.pop()?.()
    const second = await aNode('2026-03-01T02:00:00Z')
    await looks()
    expect([first.runs, second.runs]).toEqual([1, 0])
  })

  it('makes them on one of several nodes that look at the same time', async () => {
    // Nodes of their own connections are for PostgreSQL; one process has one on SQLite.
    const storeOfNode = () => (database.name === 'postgres' ? openStore() : store)
    const nodes = await Promise.all(
      Array.from({ length: 5 }, () => aNode('2026-03-01T01:00:00Z', { store: storeOfNode() })),
    )
    await until(() => nodes.some(({ runs }) => runs > 0))
    await looks()
    expect(nodes.reduce((sum, { runs }) => sum + runs, 0)).toBe(1)
  })

  it('is off unless it is set', async () => {
    const node = await aNode('2026-03-01T01:00:00Z', {}, false)
    await looks()
    expect(node.runs).toBe(0)
  })

  it('waits for a run by hand, and then has its own', async () => {
    let busy = true
    const node = await aNode('2026-03-01T01:00:00Z', { isBusy: async () => busy })
    await looks()
    expect(node.runs).toBe(0)
    busy = false
    await looks()
    expect(node.runs).toBe(1)
  })

  it('does not try again what failed, and says so once', async () => {
    let starts = 0
    const start = async () => {
      starts += 1
      return 'busy' as const
    }
    const node = await aNode('2026-03-01T01:00:00Z', { start })
    await looks()
    expect(starts).toBe(1)
    expect(node.logged).toEqual(['the reports of today could not be started'])
  })

  it('has its turn when the database comes back', async () => {
    const cable = createSwitch()
    cable.break()
    const node = await aNode('2026-03-01T01:00:00Z', { store: cable.decorate(store) })
    await looks()
    expect(node.runs).toBe(0)
    cable.mend()
    await looks()
    expect(node.runs).toBe(1)
  })

  it('is part of a server, with the clock of that server', async () => {
    const kept = {
      name: database.name,
      fresh: async () => ({ ...fresh, drop: async () => undefined }),
    }
    const clock = { now: () => at('2026-03-01T01:30:00Z'), monotonic: () => performance.now() }
    const start = (): Promise<TestServer> =>
      startServer(kept, {
        reportsProgram: PLAIN_QUESTLINE,
        settings: { REPORTS_SCHEDULE: 'on', REPORTS_DELAY_MIN: '90' },
        world: { clock },
      })
    const runsOf = async (server: TestServer): Promise<unknown[]> => {
      const { body } = await server.send('/reports/runs', { token: server.keys.operator })
      return body['runs'] as unknown[]
    }
    const first = await start()
    await until(async () => (await runsOf(first)).length === 1)
    await first.stop()
    const second = await start()
    await sleep(200)
    expect(await runsOf(second)).toEqual([])
    await second.stop()
  })
})

async function until(reached: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 10_000
  while (!(await reached())) {
    if (performance.now() > deadline) throw new Error('it did not come to that')
    await sleep(20)
  }
}
