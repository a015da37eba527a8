import { fork } from 'node:child_process'
import { once } from 'node:events'
import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freshSqlite } from '../database.ts'
import { fillBusyLog } from './busy-log.ts'
import type { ChildOrder } from './consumers.child.ts'
import {
  ANALYTICS,
  type FreshAnalytics,
  openTestAnalytics,
  rowsOf,
  testConsumers,
} from './consumers.ts'
import { type GameLog, openGameLog } from './game-log.ts'
import { seededNumber } from './seeded-number.ts'

const CHILD = join(import.meta.dirname, 'consumers.child.ts')
/** Steps are so small that a kill meets one of each stage; over a network each takes longer. */
const PLACES = [
  { ...ANALYTICS[0], batchEvents: 20, livesMs: 350 },
  { ...ANALYTICS[1], batchEvents: 60, livesMs: 1_500 },
]

describe.each(PLACES)('consumers with $name that are killed at any moment', (place) => {
  const { fresh, batchEvents, livesMs } = place
  let log: GameLog
  const taken: FreshAnalytics[] = []
  let expected: Awaited<ReturnType<typeof rowsOf>>

  const consume = (file: string, batchEvents: number) => consumeAll(log, file, batchEvents)
  const freshPlace = async (): Promise<string> => {
    const place = await fresh()
    taken.push(place)
    return place.at
  }
  const child = (order: Pick<ChildOrder, 'file' | 'diesBetween'>) => {
    const all: ChildOrder = { url: log.url, batchEvents, ...order }
    return fork(CHILD, [JSON.stringify(all)], { execArgv: [] })
  }

  beforeAll(async () => {
    log = await openGameLog({ fresh: freshSqlite })
    await fillBusyLog(log, 70)
    // Always in a file: in PostgreSQL the rows are the same.
    await consume(log.analyticsFile, 1_000)
    expected = await rowsOf(log.analyticsFile)
  })
  afterAll(async () => {
    for (const { drop } of taken) await drop()
    await log.close()
  })

  /** Starts them again and again until one is done; how many were killed. */
  const consumeWithKills = async (file: string, random: () => number): Promise<number> => {
    for (let kills = 0; ; kills += 1) {
      const process = child({ file })
      const exit = once(process, 'exit')
      let isDone = false
      process.on('message', (message) => {
        if (message === 'done') isDone = true
      })
      await Promise.race([once(process, 'message'), exit])
      await Promise.race([sleep(50 + random() * livesMs), exit])
      if (!isDone) process.kill('SIGKILL')
      const [code, signal] = await exit
      if (code !== null && code !== 0) throw new Error(`the consumers ended with ${code}`)
      if (signal === null) return kills
    }
  }

  it('leave the rows of a run that nobody disturbed', async () => {
    const seed = Date.now() % 1_000_000
    const random = seededNumber(seed)
    // How many kills a run meets depends on the machine, so there are as many runs as it takes.
    for (let kills = 0; kills < 3; ) {
      const file = await freshPlace()
      kills += await consumeWithKills(file, random)
      expect(await rowsOf(file), `seed ${seed}`).toEqual(expected)
    }
  }, 120_000)

  it('count twice where the checkpoint is not part of the transaction, which this test would see', async () => {
    const file = await freshPlace()
    const process = child({ file, diesBetween: 40 })
    const [, signal] = await once(process, 'exit')
    expect(signal).toBe('SIGKILL')
    // What quality has written twice fails at once, what windows has counted twice is wrong.
    const outcome = await consume(file, batchEvents).then(
      () => rowsOf(file),
      () => 'failed',
    )
    expect(outcome).not.toEqual(expected)
  })

  it('give the same rows when everything is deleted and begins again', async () => {
    const file = await freshPlace()
    await consume(file, 333)
    expect(await rowsOf(file)).toEqual(expected)
  })

  it('two processes at once count each event once', async () => {
    const file = await freshPlace()
    const both = [child({ file }), child({ file })].map((each) => once(each, 'exit'))
    await Promise.all(both)
    await consume(file, batchEvents)
    expect(await rowsOf(file)).toEqual(expected)
  })
})

describe('a copy of the file', () => {
  it('goes on from its checkpoint', async () => {
    const log = await openGameLog({ fresh: freshSqlite })
    await fillBusyLog(log, 20)
    const besides = (name: string): string => log.analyticsFile.replace(/analytics\.db$/, name)
    const half = besides('half.db')
    const analytics = await openTestAnalytics(half)
    const parts = { file: half, analytics }
    await testConsumers(log.store, parts, { batchEvents: 50, until: 300 }).drain()
    await analytics.close()
    const copy = besides('copy.db')
    await copyFile(half, copy)
    await consumeAll(log, copy, 50)
    await consumeAll(log, log.analyticsFile, 1_000)
    expect(await rowsOf(copy)).toEqual(await rowsOf(log.analyticsFile))
    await log.close()
  })
})

async function consumeAll(log: GameLog, file: string, batchEvents: number): Promise<void> {
  const analytics = await openTestAnalytics(file)
  await testConsumers(log.store, { file, analytics }, { batchEvents }).drain()
  await analytics.close()
}
