import { fork } from 'node:child_process'
import { once } from 'node:events'
import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freshSqlite } from '../database.ts'
import { fillBusyLog } from './busy-log.ts'
import type { ChildOrder } from './consumers.child.ts'
import { openTestAnalytics, rowsOf, testConsumers } from './consumers.ts'
import { type GameLog, openGameLog } from './game-log.ts'
import { seededNumber } from './seeded-number.ts'

const CHILD = join(import.meta.dirname, 'consumers.child.ts')
/** So small that a kill meets a step of each stage. */
const BATCH_EVENTS = 20

describe('consumers that are killed at any moment', () => {
  let log: GameLog
  let expected: Awaited<ReturnType<typeof rowsOf>>

  const consume = async (file: string, batchEvents: number): Promise<void> => {
    const analytics = await openTestAnalytics(file)
    await testConsumers(log.store, { file, analytics }, { batchEvents }).drain()
    await analytics.close()
  }
  const besides = (name: string): string => log.analyticsFile.replace(/analytics\.db$/, name)
  const child = (order: Pick<ChildOrder, 'file' | 'diesBetween'>) => {
    const all: ChildOrder = { url: log.url, batchEvents: BATCH_EVENTS, ...order }
    return fork(CHILD, [JSON.stringify(all)], { execArgv: [] })
  }

  beforeAll(async () => {
    log = await openGameLog({ fresh: freshSqlite })
    await fillBusyLog(log, 70)
    const file = besides('undisturbed.db')
    await consume(file, 1_000)
    expected = await rowsOf(file)
  })
  afterAll(() => log.close())

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
      await Promise.race([sleep(50 + random() * 350), exit])
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
    for (let kills = 0, runs = 0; kills < 3; runs += 1) {
      const file = besides(`killed-${runs}.db`)
      kills += await consumeWithKills(file, random)
      expect(await rowsOf(file), `seed ${seed}`).toEqual(expected)
    }
  }, 120_000)

  it('count twice where the checkpoint is not part of the transaction, which this test would see', async () => {
    const file = besides('control.db')
    const process = child({ file, diesBetween: 40 })
    const [, signal] = await once(process, 'exit')
    expect(signal).toBe('SIGKILL')
    // What quality has written twice fails at once, what windows has counted twice is wrong.
    const outcome = await consume(file, BATCH_EVENTS).then(
      () => rowsOf(file),
      () => 'failed',
    )
    expect(outcome).not.toEqual(expected)
  })

  it('give the same rows when the file is deleted and everything begins again', async () => {
    const file = besides('again.db')
    await consume(file, 333)
    expect(await rowsOf(file)).toEqual(expected)
  })

  it('two processes at once count each event once', async () => {
    const file = besides('two.db')
    const both = [child({ file }), child({ file })].map((each) => once(each, 'exit'))
    await Promise.all(both)
    await consume(file, BATCH_EVENTS)
    expect(await rowsOf(file)).toEqual(expected)
  })

  it('a copy of the file goes on from its checkpoint', async () => {
    const half = besides('half.db')
    const analytics = await openTestAnalytics(half)
    const parts = { file: half, analytics }
    await testConsumers(log.store, parts, { batchEvents: 50, until: 700 }).drain()
    await analytics.close()
    const copy = besides('copy.db')
    await copyFile(half, copy)
    await consume(copy, 50)
    expect(await rowsOf(copy)).toEqual(expected)
  })
})
